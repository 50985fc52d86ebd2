# --pam-session: PAM has a session as long as we have
only root
connect
no-secrets
mailbox two.mbox
options --pam-session
pam auth required pam_unix.so
pam auth optional {says} cred=note={dir}/notes delete=note={dir}/notes
pam account required pam_unix.so
pam session required {says} open=note={dir}/notes close=note={dir}/notes
S: +OK*
C: USER joe
S: +OK*
C: PASS anna's unix password
S: +OK 2*
C: DELE 1
S: +OK*
C: QUIT
S: +OK*
holds notes cred open close delete
mailbox-keeps 2
