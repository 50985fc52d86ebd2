# CRAM-MD5: wrong secrets, unknown users, hashes and malformed answers
connect
mailbox two.mbox
options --tries=9
secrets anna:{CRYPT}$6$clients$reQ1SouzUbgo1LC3xzGmGXE1l7JtSMgFNhmGWcRadd4qPHrwrPGzRYLWQWqnVVU1/mCvaDY5NECdwXcjdkubl0
S: +OK*
C: AUTH CRAM-MD5 {cram:joe:secret}
S: -ERR that mechanism has no initial response
C: AUTH CRAM-MD5 =
S: -ERR that mechanism has no initial response
C: AUTH CRAM-MD5
S: + *
C: 
S: -ERR the response is not one of CRAM-MD5
C: AUTH CRAM-MD5
S: + *
C: {base64:joe}
S: -ERR the response is not one of CRAM-MD5
C: AUTH CRAM-MD5
S: + *
C: {base64:joe }
S: -ERR*both needed
C: AUTH CRAM-MD5
S: + *
C: {base64:joe secret}
S: -ERR [AUTH] user name or password is wrong
C: AUTH CRAM-MD5
S: + *
C: {cram:joe:Secret}
S: -ERR [AUTH] user name or password is wrong
C: AUTH CRAM-MD5
S: + *
C: {cram:nobody-here:secret}
S: -ERR [AUTH] user name or password is wrong
C: AUTH CRAM-MD5
S: + *
C: {cram:anna:secret}
S: -ERR [AUTH] user name or password is wrong
C: AUTH CRAM-MD5
S: + *
C: {base64:joe {digest:secret}}
S: -ERR [AUTH] user name or password is wrong
C: QUIT
S: +OK*
log LOGIN FAILED, ip=[unknown], method=CRAM-MD5, user=nobody-here
no-log LOGIN,*
