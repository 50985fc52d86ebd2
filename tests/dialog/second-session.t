# A second session is refused at once
mailbox two.mbox
second -ERR [IN-USE]*
C: DELE 1
S: +OK*
C: QUIT
S: +OK*
mailbox-keeps 2
log session of joe: maildrop * is in use by another session
