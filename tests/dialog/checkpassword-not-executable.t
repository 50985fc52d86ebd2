# --checkpassword: nor is one that is no program
options --checkpassword=/dev/null
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
log checkpassword program /dev/null ended with status 126: cannot be started
