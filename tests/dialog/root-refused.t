# uid 0 is refused, though the secret is right
only root
connect
secrets root:{PLAIN}secret
S: +OK*
C: USER root
S: +OK*
C: PASS secret
S: -ERR [AUTH] user name or password is wrong
C: QUIT
S: +OK*
log user root has uid 0: refused
