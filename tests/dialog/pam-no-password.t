# An account without a password is none to log in by, whatever PAM is told
only root
connect
pam auth required pam_unix.so nullok
pam account required pam_unix.so
S: +OK*
C: USER open
S: +OK*
C: PASS x
S: -ERR [AUTH]*
C: AUTH PLAIN {base64:\0open\0}
S: -ERR*
C: QUIT
S: +OK*
no-log LOGIN, *
