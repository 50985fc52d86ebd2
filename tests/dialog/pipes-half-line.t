# Over pipes, a line without its end
over pipes
mailbox two.mbox
C: DELE 1
S: +OK*
c: QUIT
half-close
end
mailbox-unchanged
