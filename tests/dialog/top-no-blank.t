# TOP of messages without a body, and of a header without its blank line
mailbox header-only.mbox
C: TOP 1 5
S: +OK*
S: Subject: header only
S: 
S: .
C: TOP 2 0
S: +OK*
S: Subject: no blank at all
S: .
C: TOP 2 5
S: +OK*
S: Subject: no blank at all
S: .
C: QUIT
S: +OK*
