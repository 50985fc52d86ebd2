# Over pipes, a client that goes
over pipes
mailbox two.mbox
C: DELE 1
S: +OK*
close
mailbox-unchanged
