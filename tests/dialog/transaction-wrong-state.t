# Commands for before the login are refused after it
mailbox two.mbox
C: USER joe
S: -ERR*
C: PASS secret
S: -ERR*
C: APOP joe x
S: -ERR*
C: AUTH PLAIN
S: -ERR*
C: XTND XLST
S: -ERR*
C: 
S: -ERR*
C: STAT
S: +OK 2 408
C: QUIT
S: +OK*
