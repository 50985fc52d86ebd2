# The same before the login
connect
S: +OK*
C: USER {5000*x}
S: -ERR*
C: USER \0joe
S: -ERR*
C: QUIT
S: +OK*
