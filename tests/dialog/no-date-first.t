# A file whose first line has no date is no mbox
connect
mailbox no-date.mbox
S: +OK*
C: USER joe
S: +OK*
C: PASS secret
S: -ERR [SYS/PERM]*
end
log session of joe: mailbox * does not begin with a From_ line*
mailbox-unchanged
