# The middle one of five
mailbox five.mbox
C: DELE 3
S: +OK*
C: QUIT
S: +OK 4*
mailbox-keeps 1 2 4 5
