# An empty mailbox
mailbox empty.mbox
C: STAT
S: +OK 0 0
C: LIST
S: +OK*
S: .
C: UIDL
S: +OK*
S: .
C: RETR 1
S: -ERR*
C: LIST 1
S: -ERR*
C: LAST
S: +OK 0
C: QUIT
S: +OK*
mailbox-unchanged
