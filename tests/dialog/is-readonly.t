# A file that its owner may not write to
connect
mailbox two.mbox
mailbox-is readonly
S: +OK*
C: USER joe
S: +OK*
C: PASS secret
S: -ERR [SYS/PERM]*
end
log session of joe: cannot open mailbox *
