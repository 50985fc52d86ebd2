# c-client's empty mailbox is empty
mailbox pseudo-only.mbox
C: STAT
S: +OK 0 0
C: QUIT
S: +OK*
mailbox-unchanged
