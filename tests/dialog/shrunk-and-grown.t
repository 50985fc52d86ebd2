# A mailbox that others have rewritten and that is longer now
mailbox two.mbox
C: DELE 1
S: +OK*
do install five.mbox
C: QUIT
S: -ERR [SYS/TEMP]*
end
log LOGOUT, *, dele=0, *
