# --proxy: a client on the proxy's own host may send a password
options --proxy
connect
mailbox two.mbox
c: PROXY TCP4 127.0.0.9 127.0.0.1 12345 110\r\n
S: +OK POP3 ready*
C: USER joe
S: +OK*
C: PASS secret
S: +OK 2 messages*
C: QUIT
S: +OK*
log LOGIN, ip=[127.0.0.9], method=PASS, tls=0*
