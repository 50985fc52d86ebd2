# A session after a PAM login is like any other
only root
connect
no-secrets
mailbox three.mbox
S: +OK POP3 ready
C: USER joe
S: +OK*
C: PASS anna's unix password
S: +OK 3*
C: DELE 2
S: +OK*
C: QUIT
S: +OK 2*
mailbox-keeps 1 3
log LOGIN, *, method=PASS, tls=0, user=joe, jail=uid,chroot,rlimit,nnp*
