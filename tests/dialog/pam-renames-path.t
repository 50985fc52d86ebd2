# A module renames the user to a path
only root
connect
mailbox two.mbox
pam auth required {says} auth=user=../joe
pam account required {says}
S: +OK*
C: USER anna
S: +OK*
C: PASS x
S: -ERR [AUTH] user name or password is wrong
C: QUIT
S: +OK*
no-log LOGIN, *
log LOGIN FAILED, *, user=anna
