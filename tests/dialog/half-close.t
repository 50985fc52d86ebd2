# A client that has said all is still answered
mailbox two.mbox
C: DELE 2
C: QUIT
half-close
S: +OK*
S: +OK 1*
end
mailbox-keeps 1
