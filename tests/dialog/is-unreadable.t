# A file that its owner cannot read
connect
mailbox two.mbox
mailbox-is unreadable
S: +OK*
C: USER joe
S: +OK*
C: PASS secret
S: -ERR [SYS/PERM]*
end
log session of joe: cannot open mailbox *
