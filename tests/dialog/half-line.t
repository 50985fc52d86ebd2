# A line without its end, at the end, is not run
mailbox two.mbox
C: DELE 1
S: +OK*
c: QUIT
half-close
end
mailbox-unchanged
