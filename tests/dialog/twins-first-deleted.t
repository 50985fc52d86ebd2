# The id of a copy survives the deletion of the first
mailbox twins.mbox
C: UIDL
S: +OK*
S: 1 {one}
S: 2 {one}-2
S: 3 {two}
S: 4 {one}-3
S: .
C: DELE 1
S: +OK*
C: QUIT
S: +OK 3*
again
C: UIDL
S: +OK*
S: 1 {one}-2
S: 2 {two}
S: 3 {one}-3
S: .
C: DELE 1
S: +OK*
C: QUIT
S: +OK 2*
again
C: UIDL
S: +OK*
S: 1 {two}
S: 2 {one}-3
S: .
C: QUIT
S: +OK*
mailbox-keeps 3 4
