# AUTH PLAIN with an initial response
connect
mailbox two.mbox
S: +OK*
C: AUTH PLAIN {base64:\0joe\0secret}
S: +OK 2 messages*
C: STAT
S: +OK 2 *
C: QUIT
S: +OK*
log LOGIN, ip=*, method=PLAIN, tls=0, user=joe,*
