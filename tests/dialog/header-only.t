# Messages without a body
mailbox header-only.mbox
C: LIST
S: +OK 2 messages*
S: 1 24
S: 2 26
S: .
C: RETR 1
S: +OK*
S: Subject: header only
S: 
S: .
C: TOP 1 0
S: +OK*
S: Subject: header only
S: 
S: .
C: RETR 2
S: +OK*
S: Subject: no blank at all
S: .
C: QUIT
S: +OK*
