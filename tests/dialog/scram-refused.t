# Wrong passwords, unknown users and users without keys: all the same, and they count
connect
no-secrets
secrets joe:{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=
secrets anna:{CRYPT}$6$clients$reQ1SouzUbgo1LC3xzGmGXE1l7JtSMgFNhmGWcRadd4qPHrwrPGzRYLWQWqnVVU1/mCvaDY5NECdwXcjdkubl0
options --tries=4
S: +OK*
C: AUTH SCRAM-SHA-256 {first:joe}
S: + *
C: {final:Pencil}
S: -ERR [AUTH] user name or password is wrong
C: AUTH SCRAM-SHA-256 {first:nobody-here}
S: + *
C: {final:pencil}
S: -ERR [AUTH] user name or password is wrong
C: AUTH SCRAM-SHA-256 {first:anna}
S: + *
C: {final:secret}
S: -ERR [AUTH] user name or password is wrong
C: AUTH SCRAM-SHA-256 {first:../joe}
S: + *
C: {final:pencil}
S: -ERR [AUTH] user name or password is wrong
end
log LOGIN FAILED, ip=[unknown], method=SCRAM-SHA-256, user=joe
log LOGIN FAILED, ip=[unknown], method=SCRAM-SHA-256, user=nobody-here
no-log LOGIN,*
