# The same for UIDL, where the ids are not known yet
mailbox two.mbox
do rewrite
C: UIDL
S: -ERR [SYS/TEMP]*
end
