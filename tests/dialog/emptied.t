# A mailbox that is emptied by another program
mailbox two.mbox
C: DELE 1
S: +OK*
do install empty.mbox
C: QUIT
S: -ERR [SYS/TEMP]*
end
log LOGOUT, *, dele=0, *, end=changed
