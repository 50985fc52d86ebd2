# Of identical messages just the one
mailbox twins.mbox
C: DELE 2
S: +OK*
C: QUIT
S: +OK 3*
mailbox-keeps 1 3 4
