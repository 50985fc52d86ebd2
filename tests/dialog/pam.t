# A user without a secret logs in by the Unix password
only root
connect
S: +OK*
C: USER anna
S: +OK*
C: PASS anna's unix password
S: +OK 0 messages*
C: QUIT
S: +OK*
log LOGIN, *, method=PASS, tls=0, user=anna, jail=uid,chroot,rlimit,nnp*
