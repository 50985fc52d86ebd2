# 8-bit bytes are passed on
mailbox eightbit.mbox
C: RETR 1
S: +OK*
S-body eightbit.body
C: QUIT
S: +OK*
