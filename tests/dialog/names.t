# Names that could lead out of the mailbox directory are refused like others
connect
options --tries=9
secrets ../joe:{PLAIN}secret
secrets .joe:{PLAIN}secret
secrets a/b:{PLAIN}secret
S: +OK*
C: USER ../joe
S: +OK*
C: PASS secret
S: -ERR [AUTH] user name or password is wrong
C: USER .joe
S: +OK*
C: PASS secret
S: -ERR [AUTH] user name or password is wrong
C: USER a/b
S: +OK*
C: PASS secret
S: -ERR [AUTH] user name or password is wrong
C: USER {200*x}
S: +OK*
C: PASS secret
S: -ERR [AUTH] user name or password is wrong
C: USER a, ip=[192.0.2.1]
S: +OK*
C: PASS x
S: -ERR [AUTH]*
C: QUIT
S: +OK*
log LOGIN FAILED, ip=[unknown], method=PASS, user=../joe
log LOGIN FAILED, ip=[unknown], method=PASS, user=a\\x2c\\x20ip\\x3d*
