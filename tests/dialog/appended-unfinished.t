# Mail that is appended to a message whose last line has no end
mailbox no-final-newline.mbox
C: DELE 1
S: +OK*
do append new.mbox
C: RETR 2
S: +OK 28*
S: Subject: cut
S: 
S: no newline
S: .
C: DELE 2
S: +OK*
C: QUIT
S: +OK 0*
mailbox-becomes new.mbox
