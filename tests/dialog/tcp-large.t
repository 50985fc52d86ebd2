# A large message over a loopback connection
over tcp
mailbox long-line.mbox
C: RETR 1
S: +OK 270022 octets
S-body long-line.body
C: QUIT
S: +OK*
