# --checkpassword: APOP's digest, with the timestamp behind it
options --checkpassword={dir}/check
script check #!/bin/sh
script check tr '\000' '\n' <&3 | {
script check read user; read digest; read stamp
script check [ "$user" = joe ] && [ "$digest" = "$(printf '%ssecret' "$stamp" | md5sum | cut -c 1-32)" ]
script check } && exec "$@"
script check exit 1
secrets anna:{PLAIN}so that there is a timestamp
no-secrets
connect
mailbox two.mbox
S: +OK*
C: APOP joe {digest:wrong}
S: -ERR [AUTH]*
C: APOP joe {digest:secret}
S: +OK 2 messages*
C: QUIT
S: +OK*
log LOGIN FAILED, ip=*, method=APOP, user=joe
log LOGIN, ip=*, method=APOP*
