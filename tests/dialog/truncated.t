# A mailbox that shrinks ends the session
mailbox two.mbox
C: DELE 1
S: +OK*
do truncate
C: RETR 2
S: -ERR [SYS/TEMP]*
end
log session of joe: mailbox * was changed by another program*
log LOGOUT, *, dele=0, *, end=changed
