# A NUL before the login: no name or password ends there
connect
mailbox two.mbox
S: +OK*
C: USER joe\0
S: -ERR*
C: PASS secret
S: -ERR*
C: USER joe
S: +OK*
C: PASS secret\0
S: -ERR*
C: APOP joe {digest:secret}\0
S: -ERR*
C: QUIT\0
S: -ERR*
C: USER joe
S: +OK*
C: PASS secret
S: +OK 2*
C: QUIT
S: +OK*
