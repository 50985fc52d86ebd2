# Without a service file PAM asks "other", and the log says so
only root
connect
options --pam=pop3d-none
S: +OK*
C: USER anna
S: +OK*
C: PASS anna's unix password
S: -ERR*
C: QUIT
S: +OK*
log PAM has no service pop3d-none*
