# Over a pair of pipes
over pipes
mailbox two.mbox
C: STAT
S: +OK 2 408
C: RETR 2
S: +OK*
S-body two.body
C: DELE 1
S: +OK*
C: QUIT
S: +OK*
end
mailbox-keeps 2
