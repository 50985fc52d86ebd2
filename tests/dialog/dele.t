# DELE marks, QUIT deletes
mailbox three.mbox
C: DELE 2
S: +OK*
C: DELE 2
S: -ERR*
C: RETR 2
S: -ERR*
C: TOP 2 0
S: -ERR*
C: LIST 2
S: -ERR*
C: UIDL 2
S: -ERR*
C: STAT
S: +OK 2 415
C: LIST
S: +OK 2 messages (415 octets)
S: 1 194
S: 3 221
S: .
C: UIDL
S: +OK*
S: 1 *
S: 3 *
S: .
C: QUIT
S: +OK 2 messages left
mailbox-keeps 1 3
log LOGOUT, *, dele=1, left=2, *
