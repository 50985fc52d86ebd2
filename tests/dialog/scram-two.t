# Several lines of one user: the first keys tell the salt, any lets him in
connect
mailbox two.mbox
no-secrets
secrets joe:{SCRAM-SHA-256}5000,MDEyMzQ1Njc4OWFiY2RlZg==,hfjPWd8Sl+YVSDMk7R3PSjororP1BoMeH3eSRyclPug=,MNh40s9K5y2rnQEjNYXmPL2P/M33a7re2lP2whyxk/M=
secrets joe:{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=
secrets joe:{PLAIN}slate
options --tries=9
S: +OK*
C: AUTH SCRAM-SHA-256 {first:joe}
S: + *
C: {final:pencil}
S: -ERR [AUTH] user name or password is wrong
C: AUTH SCRAM-SHA-256 {first:joe}
S: + *
C: {final:slate}
S: + {signature}
C: *
S: -ERR the exchange is cancelled
C: AUTH SCRAM-SHA-256 {first:joe}
S: + *
C: {final:chalk}
S: + {signature}
C: 
S: +OK 2 messages*
C: QUIT
S: +OK*
