# The first of five
mailbox five.mbox
C: DELE 1
S: +OK*
C: QUIT
S: +OK 4*
mailbox-keeps 2 3 4 5
