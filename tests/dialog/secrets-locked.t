# A hash that is none lets nobody in
connect
mailbox two.mbox
no-secrets
options --tries=9
secrets joe:{CRYPT}*
secrets joe:{CRYPT}!
secrets joe:{CRYPT}x
S: +OK*
C: USER joe
S: +OK*
C: PASS *
S: -ERR [AUTH]*
C: USER joe
S: +OK*
C: PASS *0
S: -ERR [AUTH]*
C: USER joe
S: +OK*
C: PASS x
S: -ERR [AUTH]*
C: QUIT
S: +OK*
no-log LOGIN,*
