# Deletion of a message whose last line has no end
mailbox no-final-newline.mbox
C: DELE 2
S: +OK*
C: QUIT
S: +OK 1*
mailbox-keeps 1
