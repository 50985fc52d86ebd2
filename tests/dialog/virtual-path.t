# An entry names the mailbox's owner and path: its user needs no account
connect
mailbox two.mbox
secrets joe@example.org:joe:{dir}/mail/%n:{PLAIN}pencil
S: +OK*
C: USER joe@example.org
S: +OK*
C: PASS secret
S: -ERR [AUTH]*
C: AUTH PLAIN {base64:\0joe@example.org\0pencil}
S: +OK 2 messages*
C: DELE 1
S: +OK*
C: QUIT
S: +OK*
mailbox-keeps 2
log LOGIN, ip=*, method=PLAIN, *user=joe@example.org,*
