# From another host, no passwords in the clear; APOP is the way
connect
mailbox two.mbox
env TCPREMOTEIP=192.0.2.7
S: +OK*
C: CAPA
S: +OK*
S: SASL *
S: LANG
S: TOP
S: UIDL
S: UTF8 USER
S: RESP-CODES
S: AUTH-RESP-CODE
S: PIPELINING
S: EXPIRE NEVER
S: .
C: USER joe
S: -ERR [AUTH]*TLS*
C: PASS secret
S: -ERR [AUTH]*
C: APOP joe {digest:secret}
S: +OK*
C: QUIT
S: +OK*
log LOGIN, ip=[192.0.2.7], method=APOP*
