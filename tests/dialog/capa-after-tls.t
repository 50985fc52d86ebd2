# CAPA after the login does not offer a login
mailbox two.mbox
options --tls
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
S: IMPLEMENTATION pop3d-*
S: .
C: QUIT
S: +OK*
