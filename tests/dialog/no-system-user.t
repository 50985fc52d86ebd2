# A secret for someone who is no system user does not let in
only root
connect
secrets ghost:{PLAIN}secret
S: +OK*
C: USER ghost
S: +OK*
C: PASS secret
S: -ERR [AUTH] user name or password is wrong
C: QUIT
S: +OK*
log user ghost is no system user: refused
