# --proxy: version 2 without TLS, no passwords in the clear
options --proxy
connect
mailbox two.mbox
c: \r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\xc6\x33\x64\x01\x30\x39\0\x6e
S: +OK POP3 ready*
C: USER joe
S: -ERR [AUTH]*TLS*
C: QUIT
S: +OK*
