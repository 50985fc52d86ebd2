# APOP opens the maildrop without showing the secret
connect
mailbox two.mbox
S: +OK*
C: APOP joe {digest:secret}
S: +OK 2 messages*
C: QUIT
S: +OK*
log LOGIN, ip=*, method=APOP*
