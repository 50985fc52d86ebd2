# A lock file whose process lives is respected
connect
mailbox two.mbox
do lock pid
S: +OK*
C: USER joe
S: +OK*
C: PASS secret
S: -ERR [IN-USE]*
end
log session of joe: mailbox * is locked by another program
mailbox-unchanged
