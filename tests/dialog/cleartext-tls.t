# --tls says that the connection is private
connect
mailbox two.mbox
options --tls
env REMOTE_HOST=2001:db8::1
S: +OK*
C: USER joe
S: +OK*
C: PASS secret
S: +OK*
C: QUIT
S: +OK*
log LOGIN, ip=[2001:db8::1], method=PASS, tls=1*
