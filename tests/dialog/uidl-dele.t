# UIDL skips what is marked; RSET brings it back
mailbox three.mbox
C: UIDL
S: +OK*
S: 1 {one}
S: 2 {two}
S: 3 {three}
S: .
C: DELE 2
S: +OK*
C: UIDL 2
S: -ERR*
C: UIDL
S: +OK*
S: 1 {one}
S: 3 {three}
S: .
C: RSET
S: +OK*
C: UIDL 2
S: +OK 2 {two}
C: QUIT
S: +OK*
