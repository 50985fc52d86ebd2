# A mailbox that is replaced ends the session
mailbox two.mbox
C: DELE 1
S: +OK*
do replace
C: QUIT
S: -ERR [SYS/TEMP]*
end
log LOGOUT, *, dele=0, *
