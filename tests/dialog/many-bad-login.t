# Nor before the login
connect
mailbox two.mbox
S: +OK*
C*100: STAT
S*100: -ERR*
C: USER joe
S: +OK*
C: PASS secret
S: +OK 2*
C: QUIT
S: +OK*
