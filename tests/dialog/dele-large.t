# A large message before small ones, and between them
mailbox long-line.mbox two.mbox long-line.mbox two.mbox
C: DELE 1
S: +OK*
C: QUIT
S: +OK 5*
mailbox-keeps 2 3 4 5 6
again
C: DELE 3
S: +OK*
C: QUIT
S: +OK 4*
mailbox-keeps 2 3 5 6
again
C: DELE 1
S: +OK*
C: DELE 4
S: +OK*
C: QUIT
S: +OK 2*
mailbox-keeps 3 5
