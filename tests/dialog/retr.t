# RETR sends the message as it is
mailbox three.mbox
C: RETR 1
S: +OK 194 octets
S-body one.body
C: RETR 3
S: +OK 221 octets
S-body three.body
C: LAST
S: +OK 3
C: RETR 1
S: +OK*
S-body one.body
C: LAST
S: +OK 3
C: QUIT
S: +OK*
mailbox-unchanged
log LOGOUT, *, retr=3, top=0, dele=0, left=3, *
