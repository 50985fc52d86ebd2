# Responses up to the length of RFC 5034, and of 64 KiB
connect
mailbox two.mbox
S: +OK*
C: AUTH PLAIN
S: + 
C: {12288*A}
S: -ERR the response is too long
C: AUTH PLAIN
S: + 
C: {12289*A}
S: -ERR the line is too long*
C: AUTH PLAIN
S: + 
C: {65536*A}
S: -ERR the line is too long*
C: AUTH PLAIN
S: + 
C: AGpvZQBz\0ZWNyZXQ=
S: -ERR the line is too long, or holds a NUL
C: {300*A}
S: -ERR the line is too long*
C: AUTH PLAIN AGpvZQBzZWNyZXQ=
S: +OK 2 messages*
C: QUIT
S: +OK*
