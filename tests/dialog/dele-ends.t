# The first and the last
mailbox five.mbox
C: DELE 1
S: +OK*
C: DELE 5
S: +OK*
C: QUIT
S: +OK 3*
mailbox-keeps 2 3 4
