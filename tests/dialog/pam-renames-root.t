# A module renames the user to root
only root
connect
mailbox two.mbox
pam auth required {says} auth=user=root
pam account required {says}
S: +OK*
C: USER anna
S: +OK*
C: PASS x
S: -ERR [AUTH] user name or password is wrong
C: QUIT
S: +OK*
log user root has uid 0: refused
log LOGIN FAILED, *, user=anna
