# A lock file that names nobody is respected while it is young
connect
mailbox two.mbox
do lock empty
S: +OK*
C: USER joe
S: +OK*
C: PASS secret
S: -ERR [IN-USE]*
end
mailbox-unchanged
