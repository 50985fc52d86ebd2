# A module renames the user to one with a line in the secrets file: that alone judges him
only root
connect
mailbox two.mbox
pam auth required {says} auth=user=joe
pam account required {says}
S: +OK*
C: USER anna
S: +OK*
C: PASS x
S: -ERR [AUTH] user name or password is wrong
C: QUIT
S: +OK*
log user joe is in the secrets file: not let in as anna
log LOGIN FAILED, *, user=anna
