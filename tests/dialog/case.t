# Verbs in any case
mailbox two.mbox
C: stat
S: +OK 2 408
C: LiSt 1
S: +OK 1 194
C: quit
S: +OK*
