# Wrong password, expired account, no such user: all refused alike
only root
connect
options --tries=9
S: +OK*
C: USER anna
S: +OK*
C: PASS wrong
S: -ERR [AUTH] user name or password is wrong
C: USER gone
S: +OK*
C: PASS anna's unix password
S: -ERR [AUTH] user name or password is wrong
C: USER nobody-here
S: +OK*
C: PASS x
S: -ERR [AUTH] user name or password is wrong
C: APOP anna {digest:anna's unix password}
S: -ERR [AUTH] user name or password is wrong
C: USER joe
S: +OK*
C: PASS anna's unix password
S: -ERR [AUTH] user name or password is wrong
C: QUIT
S: +OK*
