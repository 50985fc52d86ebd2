# A path that is none is the administrator's mistake
connect
no-secrets
secrets joe@example.org:joe:mail/%n:{PLAIN}x
S: +OK*
C: AUTH PLAIN {base64:\0joe@example.org\0x}
S: -ERR [SYS/TEMP]*
C: QUIT
S: +OK*
log mailbox mail/%n: no path for user joe@example.org
