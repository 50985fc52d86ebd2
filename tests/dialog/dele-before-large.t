# A small message before a large one
mailbox two.mbox long-line.mbox
C: DELE 1
S: +OK*
C: QUIT
S: +OK 2*
mailbox-keeps 2 3
