# TOP of a message whose last line has no end
mailbox no-final-newline.mbox
C: TOP 2 0
S: +OK*
S: Subject: cut
S: 
S: .
C: TOP 2 1
S: +OK*
S: Subject: cut
S: 
S: no newline
S: .
C: TOP 2 2
S: +OK*
S: Subject: cut
S: 
S: no newline
S: .
C: QUIT
S: +OK*
