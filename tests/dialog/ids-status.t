# Ids do not change when a mail program adds Status headers
mailbox two.mbox
C: UIDL
S: +OK*
S: 1 {one}
S: 2 {two}
S: .
C: QUIT
S: +OK*
mailbox-unchanged
do install status.mbox
again
C: UIDL
S: +OK*
S: 1 {one}
S: 2 {two}
S: .
C: QUIT
S: +OK*
mailbox-becomes status.mbox
