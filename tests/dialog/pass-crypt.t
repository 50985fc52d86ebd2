# A hash in the secrets file serves PASS, not APOP
connect
mailbox two.mbox
no-secrets
secrets joe:{CRYPT}$5$saltsalt$yrhPKxCqiWcCE9h0g86j6Ugz7SDFdFm.BjU.d8RaQnC
secrets anna:{PLAIN}hers
S: +OK POP3 ready <*>
C: APOP joe {digest:open sesame}
S: -ERR [AUTH]*
C: USER joe
S: +OK*
C: PASS open sesame
S: +OK*
C: QUIT
S: +OK*
