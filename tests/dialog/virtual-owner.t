# An entry names the owner alone: the mailbox is where all are, by domain and local part
connect
mailbox two.mbox
no-secrets
options --mailbox={dir}/%d/%n
secrets joe@mail:joe:{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=
S: +OK*
C: AUTH SCRAM-SHA-256 {first:joe@mail}
S: + *
C: {final:pencil}
S: + {signature}
C: 
S: +OK 2 messages*
C: QUIT
S: +OK*
log LOGIN, ip=*, method=SCRAM-SHA-256, *user=joe@mail,*
