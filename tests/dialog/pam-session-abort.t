# --pam-session: a module that ends the process, when nobody needs it any more
only root
connect
no-secrets
mailbox two.mbox
options --pam-session
pam auth required pam_unix.so
pam account required pam_unix.so
pam session required {says} close=abort
exit -6
S: +OK*
C: USER joe
S: +OK*
C: PASS anna's unix password
S: +OK 2*
C: DELE 1
S: +OK*
C: QUIT
S: +OK*
mailbox-keeps 2
