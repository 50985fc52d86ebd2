# AUTH after the login
connect
mailbox two.mbox
S: +OK*
C: AUTH PLAIN AGpvZQBzZWNyZXQ=
S: +OK*
C: AUTH PLAIN AGpvZQBzZWNyZXQ=
S: -ERR unknown command
C: AUTH
S: -ERR unknown command
C: AUTH LOGIN
S: -ERR unknown command
C: STAT
S: +OK 2 *
C: QUIT
S: +OK*
