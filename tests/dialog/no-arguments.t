# Commands that take no argument
mailbox two.mbox
C: STAT 1
S: -ERR*
C: NOOP x
S: -ERR*
C: RSET 1
S: -ERR*
C: LAST 1
S: -ERR*
C: CAPA x
S: -ERR*
C: QUIT 1
S: -ERR*
C: NOOP  
S: +OK*
C: QUIT
S: +OK*
