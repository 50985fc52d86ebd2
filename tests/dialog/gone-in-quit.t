# A QUIT that arrives is obeyed, though nobody waits for the answer
mailbox two.mbox
C: DELE 1
S: +OK*
C: QUIT
close
mailbox-keeps 2
