# A message that has nothing in it comes after two in a row
mailbox first.mbox second.mbox nothing.mbox
C: RETR 1
S: +OK*
S-body one.body
C: RETR 2
S: +OK*
S-body two.body
C: RETR 3
S: +OK 0 octets
S: .
C: QUIT
S: +OK*
mailbox-unchanged
