# Lines that look like a From_ line and are none
mailbox from-in-body.mbox
C: LIST
S: +OK 1 messages*
S: 1 124
S: .
C: RETR 1
S: +OK*
S-body from-in-body.body
C: QUIT
S: +OK*
