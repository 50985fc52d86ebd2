# All but the last, in any order
mailbox five.mbox
C: DELE 4
S: +OK*
C: DELE 1
S: +OK*
C: DELE 3
S: +OK*
C: DELE 2
S: +OK*
C: LIST
S: +OK 1 *
S: 5 *
S: .
C: QUIT
S: +OK 1*
mailbox-keeps 5
