# SCRAM-SHA-256 against stored keys; no APOP, since there is no secret for it
connect
mailbox two.mbox
no-secrets
secrets joe:{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=
S: +OK POP3 ready
C: CAPA
S: +OK*
S: USER
S: SASL SCRAM-SHA-256 PLAIN LOGIN
S: LANG
S: TOP
S: UIDL
S: UTF8 USER
S: RESP-CODES
S: AUTH-RESP-CODE
S: PIPELINING
S: EXPIRE NEVER
S: .
C: AUTH SCRAM-SHA-256 {first:joe}
S: + *
C: {final:pencil}
S: + {signature}
C: 
S: +OK 2 messages*
C: QUIT
S: +OK*
log LOGIN, ip=*, method=SCRAM-SHA-256, *user=joe,*
