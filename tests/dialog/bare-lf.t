# A bare LF ends a command; a CR elsewhere is part of it
mailbox two.mbox
c: STAT\nLIST 1\n
S: +OK 2 408
S: +OK 1 194
c: STAT\r\r\n
S: -ERR*
C: QUIT
S: +OK*
