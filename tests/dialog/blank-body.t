# Bodies of blank lines keep all of them but the last
mailbox blank-body.mbox
C: RETR 1
S: +OK 17 octets
S: Subject: none
S: 
S: .
C: RETR 2
S: +OK 18 octets
S: Subject: one
S: 
S: 
S: .
C: RETR 3
S: +OK 24 octets
S: Subject: some
S: 
S: 
S: x
S: 
S: .
C: TOP 2 1
S: +OK*
S: Subject: one
S: 
S: 
S: .
C: TOP 3 1
S: +OK*
S: Subject: some
S: 
S: 
S: .
C: QUIT
S: +OK*
mailbox-unchanged
