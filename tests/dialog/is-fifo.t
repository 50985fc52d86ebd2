# A FIFO is not served, and does not block
connect
mailbox two.mbox
mailbox-is fifo
S: +OK*
C: USER joe
S: +OK*
C: PASS secret
S: -ERR [SYS/PERM]*
end
log session of joe: *mailbox *
