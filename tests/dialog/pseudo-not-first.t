# Only the first message can be c-client's own
mailbox two.mbox pseudo.mbox
C: LIST
S: +OK 5 *
S: 1 194
S: 2 214
S: 3 *
S: 4 194
S: 5 214
S: .
C: QUIT
S: +OK*
