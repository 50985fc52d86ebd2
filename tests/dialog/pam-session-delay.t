# --pam-session: a login that comes too soon is no session
only root
connect
no-secrets
mailbox two.mbox
options --pam-session --login-delay=3600
pam auth required pam_unix.so
pam auth optional {says} cred=note={dir}/notes delete=note={dir}/notes
pam account required pam_unix.so
pam session required {says} open=note={dir}/notes close=note={dir}/notes
S: +OK*
C: USER joe
S: +OK*
C: PASS anna's unix password
S: +OK 2*
C: QUIT
S: +OK*
holds notes cred open close delete
again connect
S: +OK*
C: USER joe
S: +OK*
C: PASS anna's unix password
S: -ERR [LOGIN-DELAY]*
C: QUIT
S: +OK*
holds notes cred open close delete
