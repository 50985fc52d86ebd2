# A wrapper's client on this host may send a password
connect
mailbox two.mbox
env TCPREMOTEIP=127.0.0.1
S: +OK*
C: USER joe
S: +OK*
C: PASS secret
S: +OK*
C: QUIT
S: +OK*
log LOGIN, ip=[127.0.0.1], method=PASS*
