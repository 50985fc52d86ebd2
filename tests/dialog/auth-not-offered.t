# Mechanisms that are not there, and arguments too many
connect
no-secrets
secrets joe:{CRYPT}$6$clients$reQ1SouzUbgo1LC3xzGmGXE1l7JtSMgFNhmGWcRadd4qPHrwrPGzRYLWQWqnVVU1/mCvaDY5NECdwXcjdkubl0
mailbox two.mbox
S: +OK POP3 ready
C: AUTH
S: +OK*
S: PLAIN
S: LOGIN
S: .
C: AUTH GSSAPI
S: -ERR that mechanism is not offered here
C: AUTH CRAM-MD5
S: -ERR that mechanism is not offered here
C: AUTH DIGEST-MD5 AAAA
S: -ERR that mechanism is not offered here
C: AUTH PLAIN AGpvZQBzZWNyZXQ= x
S: -ERR too many arguments
C: AUTH *
S: -ERR that mechanism is not offered here
C: APOP joe 0123456789abcdef0123456789abcdef
S: -ERR APOP is not offered here
C: AUTH PLAIN AGpvZQBzZWNyZXQ=
S: +OK 2 messages*
C: QUIT
S: +OK*
