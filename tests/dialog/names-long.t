# A name of 200 octets is a name like others; one that has no room for a file is refused
connect
options --tries=9
S: +OK*
C: USER {200*x}
S: +OK*
C: PASS secret
S: -ERR [AUTH] user name or password is wrong
C: USER {247*x}
S: *
C: PASS secret
S: -ERR*
C: USER {248*x}
S: *
C: PASS secret
S: -ERR*
C: USER {300*x}
S: -ERR the line is too long*
C: USER joe
S: *
C: PASS {300*x}
S: -ERR the line is too long*
C: APOP {300*x} {digest:secret}
S: -ERR the line is too long*
C: AUTH LOGIN
S: + *
C: {base64:{300*x}}
S: -ERR user name or password is too long
C: QUIT
S: +OK*
log LOGIN FAILED, ip=[unknown], method=PASS, user=xxx*
