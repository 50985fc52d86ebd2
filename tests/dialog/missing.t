# A missing mailbox is an empty one
mailbox-is missing
C: STAT
S: +OK 0 0
C: LIST
S: +OK*
S: .
C: QUIT
S: +OK*
