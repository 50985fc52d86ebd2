# The next message is not sent of a mailbox that was rewritten meanwhile
mailbox three.mbox
C: RETR 1
S: +OK*
S-body one.body
C: RETR 2
S: +OK*
S-body two.body
do rewrite
C: RETR 3
S: -ERR [SYS/TEMP]*
end
log LOGOUT, *, retr=2, *, end=changed
