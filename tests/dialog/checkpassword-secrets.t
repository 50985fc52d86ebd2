# --checkpassword: who is in the secrets file is judged by that alone
options --checkpassword=/bin/true
connect
mailbox two.mbox
S: +OK*
C: USER joe
S: +OK*
C: PASS wrong
S: -ERR [AUTH]*
C: USER joe
S: +OK*
C: PASS secret
S: +OK 2 messages*
C: QUIT
S: +OK*
