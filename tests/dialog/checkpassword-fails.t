# --checkpassword: a program that cannot be asked is no refusal
options --checkpassword={dir}/none
no-secrets
connect
mailbox two.mbox
S: +OK*
C: USER joe
S: +OK*
C: PASS secret
S: -ERR [SYS/TEMP]*
C: QUIT
S: +OK*
log checkpassword program */none ended with status 126: cannot be started
no-log LOGIN FAILED*
