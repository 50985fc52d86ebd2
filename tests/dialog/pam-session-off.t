# Without --pam-session there are neither credentials nor a session
only root
connect
no-secrets
mailbox two.mbox
pam auth required pam_unix.so
pam auth optional {says} cred=note={dir}/notes delete=note={dir}/notes
pam account required pam_unix.so
pam session required {says} open=note={dir}/notes close=note={dir}/notes
script notes nothing
S: +OK*
C: USER joe
S: +OK*
C: PASS anna's unix password
S: +OK 2*
C: QUIT
S: +OK*
holds notes nothing
