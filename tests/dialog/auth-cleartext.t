# On a connection that is not private only what shows no password
connect
mailbox two.mbox
env TCPREMOTEIP=192.0.2.7
S: +OK*
C: AUTH
S: +OK*
S: SCRAM-SHA-256
S: SCRAM-SHA-1
S: CRAM-MD5
S: .
C: AUTH PLAIN AGpvZQBzZWNyZXQ=
S: -ERR [AUTH]*TLS*
C: AUTH LOGIN
S: -ERR [AUTH]*TLS*
C: AUTH CRAM-MD5
S: + *
C: {cram:joe:secret}
S: +OK 2 messages*
C: QUIT
S: +OK*
log LOGIN, ip=[192.0.2.7], method=CRAM-MD5*
