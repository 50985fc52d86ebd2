# Content-Length is not believed
mailbox content-length.mbox
C: STAT
S: +OK 2 107
C: QUIT
S: +OK*
