# Where TLS is required and not to be had, nobody logs in
connect
mailbox two.mbox
env UCSPITLS=!
S: +OK*
C: USER joe
S: -ERR [AUTH] no login on an unencrypted connection*
C: APOP joe {digest:secret}
S: -ERR [AUTH] no login on an unencrypted connection*
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
