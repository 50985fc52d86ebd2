# --pam-session: whom the secrets file lets in PAM does not know
only root
mailbox two.mbox
options --pam-session
pam auth required pam_unix.so
pam auth optional {says} cred=note={dir}/notes delete=note={dir}/notes
pam account required pam_unix.so
pam session required {says} open=note={dir}/notes close=note={dir}/notes
script notes nothing
C: QUIT
S: +OK*
holds notes nothing
