# Not a byte is sent of a mailbox that is rewritten, though size and time are the same
mailbox two.mbox
do rewrite
C: RETR 1
S: -ERR [SYS/TEMP]*
end
log session of joe: mailbox * was changed by another program*
