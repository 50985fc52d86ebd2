# A message without a header
mailbox no-header.mbox
C: TOP 1 0
S: +OK*
S: 
S: .
C: RETR 1
S: +OK 28 octets
S: 
S: A body without a header.
S: .
C: QUIT
S: +OK*
