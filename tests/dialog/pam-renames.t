# A module renames the user: he is who PAM says
only root
connect
no-secrets
mailbox two.mbox
pam auth required {says} auth=ask [auth=is=the password of JOE] auth=user=joe
pam account required {says}
S: +OK*
C: USER jo.doe
S: +OK*
C: PASS the password of JOE
S: +OK 2 messages*
C: QUIT
S: +OK*
log LOGIN, *, user=joe, *
