# A message whose last line has no end
mailbox no-final-newline.mbox
C: LIST
S: +OK*
S: 1 194
S: 2 28
S: .
C: RETR 2
S: +OK*
S: Subject: cut
S: 
S: no newline
S: .
C: DELE 1
S: +OK*
C: QUIT
S: +OK*
mailbox-keeps 2
