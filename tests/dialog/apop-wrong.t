# A wrong digest is refused, and the login can go on
connect
mailbox two.mbox
S: +OK*
C: APOP joe {digest:Secret}
S: -ERR [AUTH]*
C: APOP joe
S: -ERR*
C: APOP
S: -ERR*
C: APOP joe {digest:secret}
S: +OK*
C: QUIT
S: +OK*
log LOGIN FAILED, ip=[unknown], method=APOP, user=joe
