# --proxy: the header's address is the client's
options --proxy
connect
mailbox two.mbox
c: PROXY TCP4 192.0.2.7 198.51.100.1 12345 110\r\n
S: +OK POP3 ready*
do wait 0
C: USER joe
S: -ERR [AUTH]*TLS*
C: APOP joe {digest:wrong}
S: -ERR [AUTH]*
C: APOP joe {digest:secret}
S: +OK 2 messages*
C: QUIT
S: +OK*
log LOGIN FAILED, ip=[192.0.2.7], method=APOP, user=joe
log LOGIN, ip=[192.0.2.7], method=APOP, tls=0*
log LOGOUT, user=joe, ip=[192.0.2.7]*
