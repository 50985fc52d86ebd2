# RSET takes the marks back
mailbox two.mbox
C: RETR 2
S: +OK*
S-body two.body
C: DELE 1
S: +OK*
C: RSET
S: +OK 2*
C: LAST
S: +OK 0
C: RETR 1
S: +OK*
S-body one.body
C: QUIT
S: +OK 2*
mailbox-unchanged
