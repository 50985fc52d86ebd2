# SCRAM-SHA-1, without an initial response; no SCRAM-SHA-256, since there are no keys for it
connect
mailbox two.mbox
no-secrets
secrets joe:{SCRAM-SHA-1}4096,QSXCR+Q6sek8bf92,6dlGYMOdZcOPutkcNY8U2g7vK9Y=,D+CSWLOshSulAsxiupA+qs2/fTE=
S: +OK POP3 ready
C: AUTH
S: +OK*
S: SCRAM-SHA-1
S: PLAIN
S: LOGIN
S: .
C: AUTH SCRAM-SHA-256
S: -ERR that mechanism is not offered here
C: AUTH SCRAM-SHA-1
S: + 
C: {first:joe}
S: + *
C: {final:pencil}
S: + {signature}
C: 
S: +OK 2 messages*
C: QUIT
S: +OK*
log LOGIN, ip=*, method=SCRAM-SHA-1, *user=joe,*
