# Descriptors that are none make no STLS
connect
mailbox two.mbox
env SSLCTLFD=7
env SSLREADFD=x
env SSLWRITEFD=0
S: +OK*
C: CAPA
S: +OK*
S: USER
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
C: STLS
S: -ERR no STLS here
C: QUIT
S: +OK*
