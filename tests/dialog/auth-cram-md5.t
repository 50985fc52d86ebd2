# AUTH CRAM-MD5: its challenge is the greeting's timestamp
connect
mailbox two.mbox
S: +OK*
C: AUTH CRAM-MD5
S: + {stamp}
C: {cram:joe:secret}
S: +OK 2 messages*
C: QUIT
S: +OK*
log LOGIN, ip=*, method=CRAM-MD5, *user=joe,*
