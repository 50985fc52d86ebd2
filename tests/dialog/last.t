# LAST is the highest number that RETR has given
mailbox three.mbox
C: LAST
S: +OK 0
C: RETR 2
S: +OK*
S-body two.body
C: LAST
S: +OK 2
C: RETR 1
S: +OK*
S-body one.body
C: LAST
S: +OK 2
C: DELE 3
S: +OK*
C: RETR 3
S: -ERR*
C: LAST
S: +OK 2
C: RSET
S: +OK*
C: LAST
S: +OK 0
C: QUIT
S: +OK*
mailbox-unchanged
