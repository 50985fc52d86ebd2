# The end of an over-long line is not a command
mailbox two.mbox
C: DELE 1
S: +OK*
C: {255*x}QUIT
S: -ERR*
C: {4096*x}QUIT
S: -ERR*
C: NOOP {300*x} QUIT
S: -ERR*
C: STAT
S: +OK 1 214
close
mailbox-unchanged
