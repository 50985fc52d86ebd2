# An index that is believed says what the mailbox says
mailbox three.mbox
do wait 3
C: UIDL 3
S: +OK 3 {three}
C: QUIT
S: +OK*
again
C: LIST
S: +OK 3 messages (629 octets)
S: 1 194
S: 2 214
S: 3 221
S: .
C: UIDL 3
S: +OK 3 {three}
C: RETR 1
S: +OK 194*
S-body one.body
C: DELE 2
S: +OK*
C: QUIT
S: +OK 2*
mailbox-keeps 1 3
