# No mechanism at all: no line of CAPA
connect
no-secrets
env TCPREMOTEIP=192.0.2.7
S: +OK*
C: AUTH
S: +OK*
S: .
C: CAPA
S: +OK*
S: LANG
S: TOP
S: UIDL
S: UTF8 USER
S: RESP-CODES
S: AUTH-RESP-CODE
S: PIPELINING
S: EXPIRE NEVER
S: .
C: QUIT
S: +OK*
