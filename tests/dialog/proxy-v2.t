# --proxy: version 2, whose TLS part makes the connection private
options --proxy
connect
mailbox two.mbox
c: \r\n\r\n\0\r\nQUIT\n\x21\x11\0\x1c\xc0\0\x02\x07\xc6\x33\x64\x01\x30\x39\0\x6e\xee\0\x05other\x20\0\x05\x01\0\0\0\0
S: +OK POP3 ready*
C: USER joe
S: +OK*
C: PASS secret
S: +OK 2 messages*
C: QUIT
S: +OK*
log LOGIN, ip=[192.0.2.7], method=PASS, tls=1*
