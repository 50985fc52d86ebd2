# What no name or password may have is told, costs no try and is not logged
connect
mailbox two.mbox
options --tries=1
S: +OK*
C: USER jo\xc2\x85e
S: -ERR a character of the user name or password is not allowed there
C: PASS secret
S: -ERR say USER first
C: USER \xc2\xad
S: -ERR user name and password are both needed
C: USER {84*\xef\xb7\xba}
S: -ERR*too long*
C: APOP jo\xc2\x85e {digest:secret}
S: -ERR a character*
C: USER joe
S: +OK*
C: PASS \xd8\xa71
S: -ERR a character*
C: AUTH PLAIN {base64:\0joe\0sec\xee\x80\x80ret}
S: -ERR a character*
C: AUTH PLAIN {base64:\xc2\x85\0joe\0secret}
S: -ERR a character*
C: AUTH LOGIN
S: + *
C: {base64:jo\xc2\x85e}
S: -ERR a character*
C: AUTH CRAM-MD5
S: + *
C: {cram:joe:secret}
S: -ERR a character*
C: AUTH SCRAM-SHA-256 {base64:n,,n=jo\xc2\x85e,r=abc}
S: + {base64:e=invalid-username-encoding}
C: 
S: -ERR the user name is not well formed
C: AUTH SCRAM-SHA-256 {base64:n,,n=j\xf6,r=abc}
S: + {base64:e=invalid-username-encoding}
C: 
S: -ERR the user name is not well formed
C: AUTH SCRAM-SHA-256 {base64:n,,n=jo\x07e,r=abc}
S: + {base64:e=invalid-username-encoding}
C: 
S: -ERR the user name is not well formed
C: USER joe
S: +OK*
C: PASS secret
S: +OK 2 messages*
C: QUIT
S: +OK*
no-log LOGIN FAILED*
