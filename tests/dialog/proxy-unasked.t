# Without --proxy a header is no command, and its address nobody's
connect
mailbox two.mbox
S: +OK*
C: PROXY TCP4 192.0.2.7 198.51.100.1 12345 110
S: -ERR *
C: USER joe
S: +OK*
C: PASS wrong
S: -ERR [AUTH]*
C: QUIT
S: +OK*
log LOGIN FAILED, ip=[unknown], method=PASS, user=joe
