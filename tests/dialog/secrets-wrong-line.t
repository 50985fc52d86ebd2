# Who has a line in the secrets file, and be it a wrong one, is not left to PAM
connect
only root
no-secrets
secrets joe:*
secrets anna
S: +OK*
C: USER joe
S: +OK*
C: PASS anna's unix password
S: -ERR [AUTH] user name or password is wrong
C: AUTH PLAIN {base64:\0anna\0anna's unix password}
S: -ERR [AUTH] user name or password is wrong
C: QUIT
S: +OK*
log secrets file *, line 1 is not *
log secrets file *, line 2 is not *
no-log LOGIN,*
