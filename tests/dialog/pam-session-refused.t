# --pam-session: where it cannot be opened nobody gets in; the password was right
only root
connect
no-secrets
mailbox two.mbox
options --pam-session
pam auth required pam_unix.so
pam auth optional {says} cred=note={dir}/notes delete=note={dir}/notes
pam account required pam_unix.so
pam session required {says} open=note={dir}/notes close=note={dir}/notes
pam session required {says} open=14
S: +OK*
C: USER joe
S: +OK*
C: PASS anna's unix password
S: -ERR [SYS/TEMP]*
C: USER joe
S: +OK*
C: PASS wrong
S: -ERR [AUTH]*
C: QUIT
S: +OK*
holds notes cred open delete
log PAM service pop3d-*: Cannot make/remove an entry for the specified session; look at*
no-log LOGIN, *
