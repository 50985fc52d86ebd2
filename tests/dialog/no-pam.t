# --no-pam leaves nobody but those with secrets
only root
connect
options --no-pam
S: +OK*
C: USER anna
S: +OK*
C: PASS anna's unix password
S: -ERR [AUTH]*
C: USER joe
S: +OK*
C: PASS secret
S: +OK*
C: QUIT
S: +OK*
