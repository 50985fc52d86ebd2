# The newest messages, and all of them, can be deleted without room
mailbox two.mbox long-line.mbox three.mbox
file-limit 65536
C: DELE 6
S: +OK*
C: DELE 5
S: +OK*
C: QUIT
S: +OK 4*
mailbox-keeps 1 2 3 4
again
C: DELE 1
S: +OK*
C: DELE 2
S: +OK*
C: DELE 3
S: +OK*
C: DELE 4
S: +OK*
C: QUIT
S: +OK 0*
mailbox-empty
