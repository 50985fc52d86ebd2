# --proxy: the proxy speaks for itself, and is who it is
options --proxy
connect
mailbox two.mbox
env TCPREMOTEIP=127.0.0.5
c: \r\n\r\n\0\r\nQUIT\n\x20\0\0\0
S: +OK POP3 ready*
C: USER joe
S: +OK*
C: PASS secret
S: +OK 2 messages*
C: QUIT
S: +OK*
log LOGIN, ip=[127.0.0.5], method=PASS, tls=0*
