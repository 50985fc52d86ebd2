# An empty secret is none
connect
mailbox two.mbox
no-secrets
secrets joe:{PLAIN}
secrets joe:{CRYPT}
secrets anna:{PLAIN}hers
S: +OK POP3 ready <*>
C: APOP joe {digest:}
S: -ERR [AUTH]*
C: USER joe
S: +OK*
C: PASS 
S: -ERR*
C: QUIT
S: +OK*
log secrets file *, line 1 is not *
no-log LOGIN,*
