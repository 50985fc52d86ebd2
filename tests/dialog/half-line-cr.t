# A line that ends with a CR, at the end, is not run
mailbox two.mbox
C: DELE 1
S: +OK*
c: QUIT\r
half-close
end
mailbox-unchanged
