# A client that goes in the middle of a message deletes nothing
mailbox long-line.mbox two.mbox
C: DELE 3
S: +OK*
C: RETR 1
close
mailbox-unchanged
log LOGOUT, *, dele=0, left=3, *
