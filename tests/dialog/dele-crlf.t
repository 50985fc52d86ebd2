# Deletion in a file with CRLF
mailbox crlf.mbox
C: DELE 1
S: +OK*
C: QUIT
S: +OK 1*
mailbox-keeps 2
