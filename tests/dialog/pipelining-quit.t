# What stands behind QUIT is not run
mailbox two.mbox
C: DELE 1
C: QUIT
S: +OK*
S: +OK 1*
end
mailbox-keeps 2
