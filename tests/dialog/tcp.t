# Over a loopback connection
over tcp
mailbox two.mbox
C: RETR 2
S: +OK*
S-body two.body
C: DELE 1
S: +OK*
C: QUIT
S: +OK*
end
mailbox-keeps 2
log LOGIN, ip=[127.0.0.1], method=PASS*
