# What follows a refused login is run in its own state
connect
mailbox two.mbox
S: +OK*
C: USER joe
C: PASS wrong
C: DELE 1
C: USER joe
C: PASS secret
C: STAT
C: QUIT
S: +OK*
S: -ERR [AUTH]*
S: -ERR*
S: +OK*
S: +OK*
S: +OK 2 408
S: +OK*
mailbox-unchanged
