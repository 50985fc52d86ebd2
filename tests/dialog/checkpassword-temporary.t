# --checkpassword: 111 is a temporary problem
options --checkpassword={dir}/check
script check #!/bin/sh
script check exit 111
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
log checkpassword program */check ended with status 111
