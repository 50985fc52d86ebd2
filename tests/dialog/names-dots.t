# Dots and slashes, wherever they are
connect
options --tries=9
secrets ..:{PLAIN}secret
secrets /etc/passwd:{PLAIN}secret
secrets joe/:{PLAIN}secret
secrets joe@../x:{PLAIN}secret
S: +OK*
C: USER ..
S: +OK*
C: PASS secret
S: -ERR [AUTH] user name or password is wrong
C: USER /etc/passwd
S: +OK*
C: PASS secret
S: -ERR [AUTH] user name or password is wrong
C: USER joe/
S: +OK*
C: PASS secret
S: -ERR [AUTH] user name or password is wrong
C: USER joe@../x
S: +OK*
C: PASS secret
S: -ERR [AUTH] user name or password is wrong
C: APOP .. {digest:secret}
S: -ERR [AUTH] user name or password is wrong
C: QUIT
S: +OK*
no-log LOGIN,*
