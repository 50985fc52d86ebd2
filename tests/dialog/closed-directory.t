# Where nobody can make a lock file the other lock has to do
mailbox two.mbox
mailbox-is closed-directory
C: DELE 1
S: +OK*
C: QUIT
S: +OK 1*
mailbox-keeps 2
log *cannot make lock file *
