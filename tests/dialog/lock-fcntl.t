# Another program's fcntl lock is respected
connect
mailbox two.mbox
do lock fcntl
S: +OK*
C: USER joe
S: +OK*
C: PASS secret
S: -ERR [IN-USE]*
end
mailbox-unchanged
log session of joe: mailbox * is locked by another program
