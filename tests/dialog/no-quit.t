# A connection that ends without QUIT deletes nothing
mailbox two.mbox
C: DELE 1
S: +OK*
close
mailbox-unchanged
log LOGOUT, *, dele=0, left=2, *, end=gone
exit 0
