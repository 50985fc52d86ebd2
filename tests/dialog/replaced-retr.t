# A mailbox that is replaced is not read any more
mailbox two.mbox
do replace
C: RETR 1
S: -ERR [SYS/TEMP]*
end
log LOGOUT, *, end=changed
