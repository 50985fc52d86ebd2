# USER has to be said again after a refusal
connect
mailbox two.mbox
S: +OK*
C: PASS secret
S: -ERR*
C: USER joe
S: +OK*
C: PASS wrong
S: -ERR [AUTH]*
C: PASS secret
S: -ERR*
C: USER joe
S: +OK*
C: PASS secret
S: +OK*
C: QUIT
S: +OK*
