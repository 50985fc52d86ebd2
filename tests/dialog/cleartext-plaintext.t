# --plaintext takes passwords from anywhere
connect
mailbox two.mbox
options --plaintext
env REMOTE_HOST=::ffff:192.0.2.7
S: +OK*
C: USER joe
S: +OK*
C: PASS secret
S: +OK*
C: QUIT
S: +OK*
log LOGIN, ip=[192.0.2.7], method=PASS, tls=0*
