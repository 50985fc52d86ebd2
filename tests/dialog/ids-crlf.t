# Ids do not change with the line ends
mailbox two.mbox
C: UIDL
S: +OK*
S: 1 {one}
S: 2 {two}
S: .
C: QUIT
S: +OK*
do install crlf.mbox
again
C: UIDL
S: +OK*
S: 1 {one}
S: 2 {two}
S: .
C: QUIT
S: +OK*
