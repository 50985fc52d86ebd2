# A file with CRLF
mailbox crlf.mbox
C: LIST
S: +OK 2 messages (408 octets)
S: 1 194
S: 2 214
S: .
C: RETR 1
S: +OK 194*
S-body one.body
C: RETR 2
S: +OK 214*
S-body two.body
C: QUIT
S: +OK*
mailbox-unchanged
