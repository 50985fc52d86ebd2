# A cancelled exchange is forgotten, and a good one can follow
connect
mailbox two.mbox
options --tries=1
S: +OK*
C: AUTH PLAIN
S: + 
C: *
S: -ERR the exchange is cancelled
C: AUTH LOGIN
S: + *
C: {base64:anna}
S: + *
C: *
S: -ERR the exchange is cancelled
C: AUTH CRAM-MD5
S: + *
C: *
S: -ERR the exchange is cancelled
C: *
S: -ERR*
C: AUTH LOGIN
S: + *
C: {base64:joe}
S: + *
C: {base64:secret}
S: +OK 2 messages*
C: QUIT
S: +OK*
no-log LOGIN FAILED*
