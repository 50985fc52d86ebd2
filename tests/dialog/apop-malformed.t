# Digests that are none
connect
options --tries=9
S: +OK*
C: APOP joe x
S: -ERR*
C: APOP joe 0123456789abcdef0123456789abcde
S: -ERR [AUTH]*
C: APOP joe 0123456789abcdef0123456789abcdef0
S: -ERR [AUTH]*
C: APOP joe {digest:secret}0
S: -ERR [AUTH]*
C: APOP joe secret
S: -ERR*
C: APOP nobody-here {digest:secret}
S: -ERR [AUTH] user name or password is wrong
C: QUIT
S: +OK*
no-log LOGIN,*
