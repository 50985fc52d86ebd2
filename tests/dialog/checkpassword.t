# --checkpassword: a program judges whoever is not in the secrets file
options --checkpassword={dir}/check
script check #!/bin/sh
script check [ "$(tr '\000' / <&3)" = "joe/from the program//" ] || exit 1
script check [ -z "$SECRET" ] && [ ! -e /proc/self/fd/4 ] && exec "$@"
env SECRET=not for others
no-secrets
connect
mailbox two.mbox
S: +OK*
C: USER joe
S: +OK*
C: PASS from the programme
S: -ERR [AUTH]*
C: USER anna
S: +OK*
C: PASS from the program
S: -ERR [AUTH]*
C: USER joe
S: +OK*
C: PASS from the program
S: +OK 2 messages*
C: QUIT
S: +OK*
log LOGIN FAILED, ip=*, method=PASS, user=joe
log LOGIN, ip=*, method=PASS*
