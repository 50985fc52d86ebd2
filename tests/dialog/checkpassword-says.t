# --checkpassword: the client hears nothing of what the program says
options --checkpassword={dir}/check
script check #!/bin/sh
script check echo "+OK spoken"; echo "+OK written" >&2; echo "+OK read" >&0
script check exit 1
no-secrets
connect
mailbox two.mbox
S: +OK*
C: USER joe
S: +OK*
C: PASS secret
S: -ERR [AUTH] user name or password is wrong
C: NOOP
S: -ERR *
C: QUIT
S: +OK*
