# An index full of nonsense is no harm
mailbox two.mbox
C: UIDL 2
S: +OK 2 {two}
C: QUIT
S: +OK*
do spoil-index
again
C: LIST
S: +OK 2 messages (408 octets)
S: 1 194
S: 2 214
S: .
C: UIDL 2
S: +OK 2 {two}
C: DELE 2
S: +OK*
C: QUIT
S: +OK*
mailbox-keeps 1
