# A password against stored keys, by all that send one
connect
mailbox two.mbox
no-secrets
options --tries=9
secrets joe:{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=
secrets joe:{SCRAM-SHA-1}4096,QSXCR+Q6sek8bf92,6dlGYMOdZcOPutkcNY8U2g7vK9Y=,D+CSWLOshSulAsxiupA+qs2/fTE=
S: +OK POP3 ready
C: USER joe
S: +OK*
C: PASS Pencil
S: -ERR [AUTH]*
C: USER joe
S: +OK*
C: PASS 4096
S: -ERR [AUTH]*
C: AUTH PLAIN {base64:\0joe\0chalk}
S: -ERR [AUTH]*
C: AUTH LOGIN {base64:joe}
S: + *
C: {base64:pencil}
S: +OK 2 messages*
C: QUIT
S: +OK*
