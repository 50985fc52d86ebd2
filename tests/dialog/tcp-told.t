# A loopback peer is a wrapper: it says whom it serves
over tcp
connect
mailbox two.mbox
env TCPREMOTEIP=192.0.2.7
S: +OK*
C: USER joe
S: -ERR [AUTH]*
C: APOP joe {digest:secret}
S: +OK*
C: QUIT
S: +OK*
log LOGIN, ip=[192.0.2.7], method=APOP*
