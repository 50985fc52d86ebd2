# What modules have to say to the user the client does not hear
only root
connect
no-secrets
mailbox two.mbox
pam auth required {says} auth=tell auth=ask auth=tell [auth=is=right]
pam account required {says} acct=tell
S: +OK POP3 ready
C: USER joe
S: +OK now the password
C: PASS wrong
S: -ERR [AUTH] user name or password is wrong
C: USER joe
S: +OK now the password
C: PASS right
S: +OK 2 messages*
C: QUIT
S: +OK*
