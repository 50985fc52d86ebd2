# A password of ASCII may be of any bytes; in UTF-8 it has no control characters
connect
mailbox two.mbox
secrets joe:{PLAIN}a	pass word
secrets joe:{PLAIN}påss	word
S: +OK*
C: USER joe
S: +OK*
C: PASS p\xc3\xa5ss	word
S: -ERR a character of the user name or password is not allowed there
C: USER joe
S: +OK*
C: PASS a	pass word
S: +OK*
C: QUIT
S: +OK*
