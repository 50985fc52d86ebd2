# Lines of any length
mailbox long-line.mbox
C: STAT
S: +OK 1 270022
C: RETR 1
S: +OK 270022 octets
S-body long-line.body
C: QUIT
S: +OK*
