# The right password, but: to be changed, too old, far too old, uid 0: refused alike
only root
connect
options --tries=9
S: +OK*
C: USER mustchange
S: +OK*
C: PASS anna's unix password
S: -ERR [AUTH] user name or password is wrong
C: USER aged
S: +OK*
C: PASS anna's unix password
S: -ERR [AUTH] user name or password is wrong
C: USER faded
S: +OK*
C: PASS anna's unix password
S: -ERR [AUTH] user name or password is wrong
C: USER toor
S: +OK*
C: PASS anna's unix password
S: -ERR [AUTH] user name or password is wrong
C: QUIT
S: +OK*
log LOGIN FAILED, *, user=mustchange
log LOGIN FAILED, *, user=toor
log user toor has uid 0: refused
no-log LOGIN, *
