# A locked password lets nobody in
only root
connect
S: +OK*
C: USER locked
S: +OK*
C: PASS anna's unix password
S: -ERR [AUTH] user name or password is wrong
C: USER pop3d
S: +OK*
C: PASS *
S: -ERR [AUTH] user name or password is wrong
C: QUIT
S: +OK*
no-log LOGIN,*
