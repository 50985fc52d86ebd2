# Messages that are none of SCRAM's cost no try
connect
mailbox two.mbox
options --tries=1
S: +OK*
C: AUTH SCRAM-SHA-256 =
S: + {base64:e=other-error}
C: 
S: -ERR the response is not one of SCRAM
C: AUTH SCRAM-SHA-256 joe
S: -ERR the response is not base64
C: AUTH SCRAM-SHA-256 {base64:n,,m=x,n=joe,r=abc}
S: + {base64:e=extensions-not-supported}
C: 
S: -ERR there are no extensions*
C: AUTH SCRAM-SHA-256 {base64:n,,n=j=2coe,r=abc}
S: + {base64:e=invalid-username-encoding}
C: 
S: -ERR the user name is not well formed
C: AUTH SCRAM-SHA-256 {base64:n,,n=joe,r=}
S: + {base64:e=other-error}
C: 
S: -ERR the response is not one of SCRAM
C: AUTH SCRAM-SHA-256
S: + 
C: {base64:n,,n=joe,r={129*x}}
S: + {base64:e=other-error}
C: 
S: -ERR the response is not one of SCRAM
C: AUTH SCRAM-SHA-256
S: + 
C: {base64:n,,n=joe,r=a\0b}
S: + {base64:e=other-error}
C: 
S: -ERR the response is not one of SCRAM
C: AUTH SCRAM-SHA-256 {first:joe}
S: + *
C: 
S: + {base64:e=other-error}
C: 
S: -ERR the response is not one of SCRAM
C: AUTH SCRAM-SHA-256 {first:joe}
S: + *
C: {base64:c=biws,r={nonce}x,p=AAAA}
S: + {base64:e=other-error}
C: 
S: -ERR the response is not one of SCRAM
C: AUTH SCRAM-SHA-256 {first:joe}
S: + *
C: {base64:c=biws,r={nonce}}
S: + {base64:e=other-error}
C: 
S: -ERR the response is not one of SCRAM
C: AUTH SCRAM-SHA-256 {first:joe}
S: + *
C: {base64:c=biws,r={nonce},p=A}
S: + {base64:e=invalid-encoding}
C: 
S: -ERR the response is not base64
C: AUTH SCRAM-SHA-256 {first:joe}
S: + *
C: {final:secret}
S: + {signature}
C: {base64:more}
S: -ERR the response is not one of SCRAM
C: AUTH SCRAM-SHA-256
S: + 
C: {65536*A}
S: -ERR the line is too long*
C: AUTH SCRAM-SHA-256 {first:joe}
S: + *
C: {final:secret}
S: + {signature}
C: 
S: +OK 2 messages*
C: QUIT
S: +OK*
no-log LOGIN FAILED*
