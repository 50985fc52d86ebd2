# AUTH LOGIN: empty parts, NULs, a wrong password, then the name in the command
connect
mailbox two.mbox
S: +OK*
C: AUTH LOGIN =
S: -ERR*both needed
C: AUTH LOGIN
S: + VXNlcm5hbWU6
C: 
S: -ERR*both needed
C: AUTH LOGIN {base64:joe}
S: + UGFzc3dvcmQ6
C: 
S: -ERR*both needed
C: AUTH LOGIN {base64:joe}
S: + UGFzc3dvcmQ6
C: {base64:sec\0ret}
S: -ERR*NUL*
C: AUTH LOGIN {base64:joe}
S: + UGFzc3dvcmQ6
C: {base64:Secret}
S: -ERR [AUTH] user name or password is wrong
C: AUTH LOGIN {base64:joe}
S: + UGFzc3dvcmQ6
C: {base64:secret}
S: +OK 2 messages*
C: QUIT
S: +OK*
log LOGIN FAILED, ip=[unknown], method=LOGIN, user=joe
