# --checkpassword: a program that dies has said nothing
options --checkpassword={dir}/check
script check #!/bin/sh
script check kill -SEGV $$
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
log checkpassword program */check ended by signal 11
