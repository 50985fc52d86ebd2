# AUTH forgets an earlier USER
connect
mailbox two.mbox
S: +OK*
C: USER joe
S: +OK*
C: AUTH PLAIN
S: + 
C: *
S: -ERR*
C: PASS secret
S: -ERR say USER first
C: QUIT
S: +OK*
no-log LOGIN*
