# A lock file that is five minutes old is taken over
connect
mailbox two.mbox
do lock old
S: +OK*
C: USER joe
S: +OK*
C: PASS secret
S: +OK*
C: QUIT
S: +OK*
log stale lock file * removed
