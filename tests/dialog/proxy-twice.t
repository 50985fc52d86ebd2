# --proxy: a second header is no command
options --proxy --plaintext
connect
mailbox two.mbox
C: PROXY TCP4 192.0.2.7 198.51.100.1 12345 110
S: +OK POP3 ready*
C: PROXY TCP4 192.0.2.8 198.51.100.1 12345 110
S: -ERR *
C: USER joe
S: +OK*
C: PASS secret
S: +OK 2 messages*
C: QUIT
S: +OK*
log LOGIN, ip=[192.0.2.7], method=PASS*
