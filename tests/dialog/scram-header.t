# Channel binding: y is n for us; p is more than we have; another header is a lie
connect
mailbox two.mbox
S: +OK*
C: AUTH SCRAM-SHA-256 {base64:p=tls-unique,,n=joe,r=abc}
S: + {base64:e=server-does-not-support-channel-binding}
C: 
S: -ERR there is no channel binding here
C: AUTH SCRAM-SHA-256 {first:joe}
S: + *
C: {base64:c=eSws,r={nonce},p=AAAA}
S: + {base64:e=channel-bindings-dont-match}
C: 
S: -ERR there is no channel binding here
C: AUTH SCRAM-SHA-256 {base64:n,a=anna,n=joe,r=abc}
S: + {base64:e=other-error}
C: 
S: -ERR nobody may act for another user here
C: AUTH SCRAM-SHA-256 {base64:y,a=joe,n=joe,r=abc}
S: + *
C: *
S: -ERR the exchange is cancelled
C: AUTH SCRAM-SHA-256 {first:y,,joe}
S: + *
C: {base64:c=biws,r={nonce},p=AAAA}
S: + {base64:e=channel-bindings-dont-match}
C: 
S: -ERR there is no channel binding here
C: AUTH SCRAM-SHA-256 {first:y,,joe}
S: + *
C: {final:secret}
S: + {signature}
C: 
S: +OK 2 messages*
C: QUIT
S: +OK*
no-log LOGIN FAILED*
