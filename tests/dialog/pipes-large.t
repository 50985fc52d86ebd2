# A large message over a pair of pipes
over pipes
mailbox long-line.mbox
C: RETR 1
S: +OK 270022 octets
S-body long-line.body
C: QUIT
S: +OK*
