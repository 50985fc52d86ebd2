# c-client's own message is hidden and kept
mailbox pseudo.mbox
C: STAT
S: +OK 2 408
C: RETR 1
S: +OK*
S-body one.body
C: DELE 1
S: +OK*
C: DELE 2
S: +OK*
C: QUIT
S: +OK 0*
mailbox-keeps 1
