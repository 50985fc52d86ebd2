# SCRAM by a secret in the clear, with both hashes
connect
mailbox two.mbox
S: +OK*
C: AUTH SCRAM-SHA-1 {first:joe}
S: + *
C: {final:secret}
S: + {signature}
C: *
S: -ERR the exchange is cancelled
C: AUTH SCRAM-SHA-256 {first:joe}
S: + *
C: {final:secret}
S: + {signature}
C: 
S: +OK 2 messages*
C: QUIT
S: +OK*
