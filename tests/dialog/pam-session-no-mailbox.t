# --pam-session: closed where the mailbox cannot be opened
only root
connect
no-secrets
mailbox-is directory
options --pam-session
pam auth required pam_unix.so
pam auth optional {says} cred=note={dir}/notes delete=note={dir}/notes
pam account required pam_unix.so
pam session required {says} open=note={dir}/notes close=note={dir}/notes
S: +OK*
C: USER joe
S: +OK*
C: PASS anna's unix password
S: -ERR [SYS/PERM]*
end
holds notes cred open close delete
