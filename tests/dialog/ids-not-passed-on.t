# The id of a deleted message is not given to a copy that came since
mailbox first.mbox
C: UIDL 1
S: +OK 1 {id}
C: QUIT
S: +OK*
do append first.mbox
again
C: DELE 1
S: +OK*
C: QUIT
S: +OK*
again
C: UIDL 1
S: +OK 1 {id}-2
C: QUIT
S: +OK*
