# The first of the superservers' variables that holds an address
connect
mailbox two.mbox
env TCPREMOTEIP=unknown
env REMOTE_HOST=mail.example.org
env REMOTE_ADDR=192.0.2.7
env SOCAT_PEERADDR=192.0.2.9
S: +OK*
C: USER joe
S: -ERR [AUTH]*
C: APOP joe {digest:wrong}
S: -ERR [AUTH]*
C: APOP joe {digest:secret}
S: +OK*
C: QUIT
S: +OK*
log LOGIN FAILED, ip=[192.0.2.7], method=APOP, user=joe
log LOGOUT, user=joe, ip=[192.0.2.7]*
