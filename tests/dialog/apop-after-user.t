# APOP forgets an earlier USER
connect
mailbox two.mbox
S: +OK*
C: USER joe
S: +OK*
C: APOP joe {digest:wrong}
S: -ERR [AUTH]*
C: PASS secret
S: -ERR*
C: APOP joe {digest:secret}
S: +OK*
C: QUIT
S: +OK*
