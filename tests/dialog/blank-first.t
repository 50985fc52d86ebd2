# Blank lines before the first message
mailbox blank-first.mbox
C: STAT
S: +OK 2 408
C: DELE 1
S: +OK*
C: DELE 2
S: +OK*
C: QUIT
S: +OK 0*
mailbox-empty
