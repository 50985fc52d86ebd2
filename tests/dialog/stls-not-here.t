# No STLS where the superserver has none
connect
mailbox two.mbox
S: +OK*
C: STLS
S: -ERR no STLS here
C: STLS now
S: -ERR *
C: USER joe
S: +OK*
C: PASS secret
S: +OK*
C: STLS
S: -ERR *
C: QUIT
S: +OK*
