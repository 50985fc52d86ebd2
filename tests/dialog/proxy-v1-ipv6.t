# --proxy: an IPv6 address, in the form in which it is logged
options --proxy --plaintext
connect
mailbox two.mbox
c: PROXY TCP6 2001:0DB8:0:0::7 2001:db8::1 12345 110\r\n
S: +OK POP3 ready*
C: USER joe
S: +OK*
C: PASS secret
S: +OK 2 messages*
C: QUIT
S: +OK*
log LOGIN, ip=[2001:db8::7], method=PASS, tls=0*
