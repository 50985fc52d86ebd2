# A NUL spoils its line, wherever it stands, and no other line
mailbox two.mbox
C: ST\0AT
S: -ERR*
C: \0
S: -ERR*
C: STAT\0
S: -ERR*
C: LIST 1\0
S: -ERR*
C: DELE 1\0 2
S: -ERR*
C: QUIT\0
S: -ERR*
C: \0STAT
S: -ERR*
c: STAT\0\nSTAT\n
S: -ERR*
S: +OK 2 408
C: STAT\x80
S: -ERR*
C: QUIT
S: +OK 2*
mailbox-unchanged
