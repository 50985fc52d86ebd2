# The last USER counts
connect
mailbox two.mbox
S: +OK*
C: USER anna
S: +OK*
C: USER joe
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
C: PASS secret
S: +OK 2*
C: QUIT
S: +OK*
