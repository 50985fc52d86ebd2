# Locked at QUIT for a while: waited for
mailbox two.mbox
C: DELE 1
S: +OK*
do lock pid
C: QUIT
do wait 0.3
do unlock
S: +OK 1*
mailbox-keeps 2
