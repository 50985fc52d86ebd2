# A lock file whose process is dead is taken over
connect
mailbox two.mbox
do lock dead
S: +OK*
C: USER joe
S: +OK*
C: PASS secret
S: +OK*
C: DELE 1
S: +OK*
C: QUIT
S: +OK*
log stale lock file * removed
