# A file that is no mbox is not served
connect
mailbox not-mbox.mbox
S: +OK*
C: USER joe
S: +OK*
C: PASS secret
S: -ERR [SYS/PERM]*
end
log session of joe: mailbox * does not begin with a From_ line*
mailbox-unchanged
