# A mailbox that is removed ends the session
mailbox two.mbox
C: DELE 1
S: +OK*
do remove
C: RETR 2
S: -ERR [SYS/TEMP]*
end
log LOGOUT, *, dele=0, *, end=changed
