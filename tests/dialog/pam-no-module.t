# A module that is not there lets nobody in
only root
connect
no-secrets
pam auth required pam_no_such.so
pam auth sufficient pam_unix.so
pam account required pam_unix.so
S: +OK POP3 ready
C: USER anna
S: +OK*
C: PASS anna's unix password
S: -ERR [SYS/TEMP]*
C: QUIT
S: +OK*
log PAM service pop3d-*: Module is unknown*
no-log LOGIN*
