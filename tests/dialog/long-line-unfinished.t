# An over-long line without its end, at the end
mailbox two.mbox
C: DELE 1
S: +OK*
c: {5000*x}
half-close
end
mailbox-unchanged
