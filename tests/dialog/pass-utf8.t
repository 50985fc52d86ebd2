# A password may be of any bytes
connect
mailbox two.mbox
secrets joe:{PLAIN}påss	word
S: +OK*
C: USER joe
S: +OK*
C: PASS p\xc3\xa5ss	word
S: +OK*
C: QUIT
S: +OK*
