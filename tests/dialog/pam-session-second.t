# --pam-session: a refusal that comes after PAM leaves nothing open
only root
connect
no-secrets
mailbox two.mbox
options --pam-session
pam auth required pam_unix.so
pam auth optional {says} cred=note={dir}/notes delete=note={dir}/notes
pam account required pam_unix.so
pam session required {says} open=note={dir}/notes close=note={dir}/notes
pam account required {says} acct=user=toor
S: +OK*
C: USER joe
S: +OK*
C: PASS anna's unix password
S: -ERR [AUTH]*
C: USER joe
S: +OK*
C: PASS anna's unix password
S: -ERR [AUTH]*
C: QUIT
S: +OK*
log user toor has uid 0: refused
no-log LOGIN, *
