# --lock=fcntl does not look for a lock file
connect
mailbox two.mbox
options --lock=fcntl
do lock pid
S: +OK*
C: USER joe
S: +OK*
C: PASS secret
S: +OK 2*
C: DELE 1
S: +OK*
C: QUIT
S: +OK 1*
mailbox-keeps 2
