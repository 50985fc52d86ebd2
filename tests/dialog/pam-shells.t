# Unless PAM is told so
only root
connect
pam auth required pam_unix.so
pam account required pam_unix.so
pam account required pam_shells.so
S: +OK*
C: USER noshell
S: +OK*
C: PASS anna's unix password
S: -ERR [AUTH]*
C: USER anna
S: +OK*
C: PASS anna's unix password
S: +OK 0 messages*
C: QUIT
S: +OK*
