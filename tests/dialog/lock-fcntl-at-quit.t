# An fcntl lock at QUIT is waited for
mailbox two.mbox
C: DELE 1
S: +OK*
do lock fcntl
C: QUIT
do wait 0.3
do unlock
S: +OK 1*
mailbox-keeps 2
