# AUTH LOGIN asks for the name and the password
connect
mailbox two.mbox
S: +OK*
C: AUTH LOGIN
S: + VXNlcm5hbWU6
C: {base64:joe}
S: + UGFzc3dvcmQ6
C: {base64:secret}
S: +OK 2 messages*
C: QUIT
S: +OK*
log LOGIN, ip=*, method=LOGIN, *user=joe,*
