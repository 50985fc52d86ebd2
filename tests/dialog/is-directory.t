# A directory is not served
connect
mailbox two.mbox
mailbox-is directory
S: +OK*
C: USER joe
S: +OK*
C: PASS secret
S: -ERR [SYS/PERM]*
end
log session of joe: cannot open mailbox *
