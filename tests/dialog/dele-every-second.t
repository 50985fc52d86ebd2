# Every second of five
mailbox five.mbox
C: DELE 4
S: +OK*
C: DELE 2
S: +OK*
C: QUIT
S: +OK 3*
mailbox-keeps 1 3 5
