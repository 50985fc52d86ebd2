# --lock=dotlock does not ask for the other lock
mailbox two.mbox
options --lock=dotlock
do lock fcntl
C: DELE 1
S: +OK*
C: QUIT
S: +OK 1*
mailbox-keeps 2
