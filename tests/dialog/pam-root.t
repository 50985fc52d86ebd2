# uid 0 does not get in by PAM, whatever it says
only root
connect
S: +OK*
C: USER root
S: +OK*
C: PASS x
S: -ERR [AUTH] user name or password is wrong
C: QUIT
S: +OK*
no-log LOGIN,*
