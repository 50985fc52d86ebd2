# The last of five
mailbox five.mbox
C: DELE 5
S: +OK*
C: QUIT
S: +OK 4*
mailbox-keeps 1 2 3 4
