# --proxy: a proxy on another host is as far away as it is
options --proxy
connect
mailbox two.mbox
env TCPREMOTEIP=192.0.2.5
c: \r\n\r\n\0\r\nQUIT\n\x20\0\0\0
S: +OK POP3 ready*
C: USER joe
S: -ERR [AUTH]*TLS*
C: QUIT
S: +OK*
