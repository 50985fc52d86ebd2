# --checkpassword: the password as passwd(1) knows it, in Latin 1 as it comes
options --tries=9 --checkpassword={dir}/check
script check #!/bin/sh
script check password=$(tr '\000' / <&3)
script check case $password in
script check joe/grün²// | "$(printf 'joe/gr\374n//')") exec "$@" ;;
script check esac
script check exit 1
no-secrets
connect
mailbox two.mbox
S: +OK*
C: USER joe
S: +OK*
C: PASS grün2
S: -ERR [AUTH]*
C: AUTH PLAIN {base64:\0joe\0grün²}
S: +OK 2 messages*
C: QUIT
S: +OK*
again connect
S: +OK*
C: USER joe
S: +OK*
C: PASS gr\xfcn
S: +OK 2 messages*
C: QUIT
S: +OK*
