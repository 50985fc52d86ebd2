# c-client's own message is kept before what is kept
mailbox pseudo.mbox
C: DELE 1
S: +OK*
C: QUIT
S: +OK 1*
mailbox-keeps 1 3
again
C: LIST
S: +OK 1 *
S: 1 214
S: .
C: QUIT
S: +OK*
