# What is not base64 is no response
connect
mailbox two.mbox
S: +OK*
C: AUTH PLAIN USER:joe
S: -ERR the response is not base64
C: AUTH PLAIN *
S: -ERR the response is not base64
C: AUTH PLAIN AGpvZQBzZWNyZXQ
S: -ERR the response is not base64
C: AUTH PLAIN AGpvZQBzZWNyZXR=
S: -ERR the response is not base64
C: AUTH PLAIN
S: + 
C:  AGpvZQBzZWNyZXQ=
S: -ERR the response is not base64
C: AUTH LOGIN
S: + VXNlcm5hbWU6
C: joe
S: -ERR the response is not base64
C: AUTH LOGIN
S: + VXNlcm5hbWU6
C: am9l
S: + UGFzc3dvcmQ6
C: =
S: -ERR the response is not base64
C: AUTH CRAM-MD5
S: + *
C: joe 0123456789abcdef0123456789abcdef
S: -ERR the response is not base64
C: AUTH PLAIN AGpvZQBzZWNyZXQ=
S: +OK 2 messages*
C: QUIT
S: +OK*
