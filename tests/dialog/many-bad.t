# Wrong commands never end the session
mailbox two.mbox
C*100: NONSENSE
S*100: -ERR*
C: STAT
S: +OK 2 408
C: QUIT
S: +OK*
