# --pam-session: closed when the client is silent for too long
only root
connect
no-secrets
mailbox two.mbox
options --pam-session --idle=1
pam auth required pam_unix.so
pam auth optional {says} cred=note={dir}/notes delete=note={dir}/notes
pam account required pam_unix.so
pam session required {says} open=note={dir}/notes close=note={dir}/notes
S: +OK*
C: USER joe
S: +OK*
C: PASS anna's unix password
S: +OK 2*
end
holds notes cred open close delete
