# The same where the session that deletes the first has not asked for ids
mailbox twins.mbox
C: UIDL 4
S: +OK 4 {one}-3
C: QUIT
S: +OK*
again
C: DELE 1
S: +OK*
C: DELE 2
S: +OK*
C: QUIT
S: +OK*
again
C: UIDL 2
S: +OK 2 {one}-3
C: QUIT
S: +OK*
mailbox-keeps 3 4
