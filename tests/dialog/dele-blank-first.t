# Blank lines before the first message go with it, and stay with it
mailbox blank-first.mbox
C: DELE 2
S: +OK*
C: QUIT
S: +OK 1*
mailbox-keeps 1
