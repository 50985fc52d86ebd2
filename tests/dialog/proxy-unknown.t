# --proxy: a client that the proxy cannot name
options --proxy
connect
mailbox two.mbox
c: PROXY UNKNOWN\r\n
S: +OK POP3 ready*
C: USER joe
S: +OK*
C: PASS wrong
S: -ERR [AUTH]*
C: QUIT
S: +OK*
log LOGIN FAILED, ip=[unknown], method=PASS, user=joe
