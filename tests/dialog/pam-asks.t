# A module that asks for more than the password is no refusal, and the log says so
only root
connect
no-secrets
pam auth required {says} auth=ask
pam auth required {says} auth=echo
pam account required {says}
S: +OK POP3 ready
C: USER anna
S: +OK*
C: PASS x
S: -ERR [SYS/TEMP]*
C: QUIT
S: +OK*
log PAM service pop3d-*: Conversation error*; a module asked for more than the password*
no-log LOGIN FAILED*
