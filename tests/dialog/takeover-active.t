# A session that has not been silent for so long makes way for nobody
mailbox three.mbox
options --takeover=60
C: DELE 1
S: +OK *
second -ERR [IN-USE]*
C: QUIT
S: +OK *
mailbox-keeps 2 3
log session of joe: maildrop * is in use by another session
