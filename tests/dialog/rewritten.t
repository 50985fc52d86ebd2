# A mailbox that is rewritten ends the session
mailbox two.mbox
C: DELE 1
S: +OK*
do rewrite
C: QUIT
S: -ERR [SYS/TEMP]*
end
log LOGOUT, *, dele=0, *, end=changed
