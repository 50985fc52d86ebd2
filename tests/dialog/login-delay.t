# --login-delay: the second login comes too soon; a failed one does not count
options --login-delay=300
connect
mailbox two.mbox
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
S: LOGIN-DELAY 300
S: EXPIRE NEVER
S: .
C: USER joe
S: +OK*
C: PASS wrong
S: -ERR [AUTH]*
C: USER joe
S: +OK*
C: PASS secret
S: +OK 2 messages*
C: CAPA
S: +OK*
S: LANG
S: TOP
S: UIDL
S: UTF8 USER
S: RESP-CODES
S: AUTH-RESP-CODE
S: PIPELINING
S: LOGIN-DELAY 300
S: EXPIRE NEVER
S: IMPLEMENTATION pop3d-*
S: .
C: QUIT
S: +OK*
again connect
S: +OK*
C: USER joe
S: +OK*
C: PASS secret
S: -ERR [LOGIN-DELAY]*
C: USER joe
S: +OK*
C: PASS wrong
S: -ERR [AUTH]*
C: QUIT
S: +OK*
no-log *LOGIN FAILED*LOGIN-DELAY*
