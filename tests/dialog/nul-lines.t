# A NUL spoils its line only
mailbox two.mbox
C: ST\0AT
S: -ERR*
C: \0
S: -ERR*
C: STAT
S: +OK 2 408
C: STAT\x80
S: -ERR*
C: QUIT
S: +OK*
