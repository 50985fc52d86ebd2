# Messages that are none of PLAIN's cost no try and end no connection
connect
mailbox two.mbox
options --tries=1
S: +OK*
C: AUTH PLAIN =
S: -ERR the response is not one of PLAIN
C: AUTH PLAIN
S: + 
C: 
S: -ERR the response is not one of PLAIN
C: AUTH PLAIN {base64:\0joe}
S: -ERR the response is not one of PLAIN
C: AUTH PLAIN {base64:\0joe\0}
S: -ERR*both needed
C: AUTH PLAIN {base64:\0\0secret}
S: -ERR*both needed
C: AUTH PLAIN {base64:\0joe\0sec\0ret}
S: -ERR*NUL*
C: AUTH PLAIN {base64:\0joe\0secret\0}
S: -ERR*NUL*
C: AUTH PLAIN {base64:anna\0joe\0secret}
S: -ERR nobody may act for another user here
C: AUTH PLAIN {base64:\0{100*j}\0{160*p}}
S: -ERR*too long, or holds a NUL
C: AUTH PLAIN
S: + 
C: {base64:\0{256*j}\0secret}
S: -ERR user name or password is too long
C: AUTH PLAIN
S: + 
C: {base64:\0joe\0{256*p}}
S: -ERR user name or password is too long
C: AUTH PLAIN
S: + 
C: {base64:{800*x}}
S: -ERR the response is too long
C: STAT
S: -ERR*
C: AUTH PLAIN {base64:\0joe\0secret}
S: +OK 2 messages*
C: QUIT
S: +OK*
no-log LOGIN FAILED*
