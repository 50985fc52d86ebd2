# When the first session is over the next gets the mailbox
mailbox two.mbox
second -ERR [IN-USE]*
C: QUIT
S: +OK*
again
C: DELE 1
S: +OK*
close
again
C: STAT
S: +OK 2 408
C: QUIT
S: +OK*
mailbox-unchanged
