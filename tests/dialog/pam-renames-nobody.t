# A module renames the user to somebody whom nobody knows
only root
connect
mailbox two.mbox
pam auth required {says} auth=user=nobody-here
pam account required {says}
S: +OK*
C: USER anna
S: +OK*
C: PASS x
S: -ERR [AUTH] user name or password is wrong
C: QUIT
S: +OK*
log user nobody-here is no system user: refused
log LOGIN FAILED, *, user=anna
