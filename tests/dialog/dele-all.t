# All of them leave an empty file
mailbox five.mbox
C: DELE 1
S: +OK*
C: DELE 2
S: +OK*
C: DELE 3
S: +OK*
C: DELE 4
S: +OK*
C: DELE 5
S: +OK*
C: STAT
S: +OK 0 0
C: QUIT
S: +OK 0*
mailbox-empty
