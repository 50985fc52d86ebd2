# UTF8: names and passwords in UTF-8
connect
mailbox two.mbox
secrets joe:{PLAIN}grün wie Gras
only user
S: +OK*
C: USER bjørn
S: +OK*
C: PASS grün wie Gras
S: -ERR [AUTH]*
C: USER joe
S: +OK*
C: PASS grün wie Gras
S: +OK*
C: QUIT
S: +OK*
