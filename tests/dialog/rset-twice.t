# RSET with nothing marked, and DELE after RSET
mailbox three.mbox
C: RSET
S: +OK 3*
C: DELE 1
S: +OK*
C: DELE 2
S: +OK*
C: DELE 3
S: +OK*
C: STAT
S: +OK 0 0
C: RSET
S: +OK 3*
C: STAT
S: +OK 3 629
C: DELE 2
S: +OK*
C: QUIT
S: +OK 2*
mailbox-keeps 1 3
