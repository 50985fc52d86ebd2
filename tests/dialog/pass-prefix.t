# A part of the password, or more than it, is wrong
connect
options --tries=9
S: +OK*
C: USER joe
S: +OK*
C: PASS secre
S: -ERR [AUTH]*
C: USER joe
S: +OK*
C: PASS secrets
S: -ERR [AUTH]*
C: USER joe
S: +OK*
C: PASS secret 
S: -ERR [AUTH]*
C: USER joe
S: +OK*
C: PASS  secret
S: -ERR [AUTH]*
C: QUIT
S: +OK*
no-log LOGIN,*
