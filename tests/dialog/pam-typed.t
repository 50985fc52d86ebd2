# A Unix password that is not ASCII, as a client composes it or not
only root
connect
options --tries=9
S: +OK*
C: USER ute
S: +OK*
C: PASS grün2
S: -ERR [AUTH]*
C: AUTH PLAIN {base64:\0ute\0grün²}
S: +OK 0 messages*
C: QUIT
S: +OK*
again connect
S: +OK*
C: USER ute
S: +OK*
C: PASS grün²
S: +OK 0 messages*
C: QUIT
S: +OK*
