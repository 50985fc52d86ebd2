# --pam-session: closed when the monitor is told to stop
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
do stop
end
holds notes cred open close delete
log told to stop by signal 15
