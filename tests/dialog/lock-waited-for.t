# A login waits some seconds for a lock
connect
mailbox two.mbox
S: +OK*
do lock pid
C: USER joe
C: PASS secret
do wait 0.5
do unlock
S: +OK*
S: +OK 2*
C: QUIT
S: +OK*
mailbox-unchanged
