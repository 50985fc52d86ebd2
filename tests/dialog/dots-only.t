# Bodies of nothing but dots
mailbox dots-only.mbox
C: RETR 1
S: +OK 33 octets
S: Subject: dots
S: 
S: ..
S: ...
S: ....
S: .. 
S: .
C: TOP 1 1
S: +OK*
S: Subject: dots
S: 
S: ..
S: .
C: QUIT
S: +OK*
