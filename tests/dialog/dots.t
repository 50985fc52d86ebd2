# Lines that begin with a dot
mailbox dots.mbox
C: STAT
S: +OK 1 37
C: RETR 1
S: +OK 37 octets
S-body dots.body
C: QUIT
S: +OK*
