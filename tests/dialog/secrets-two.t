# Two lines for one user: either secret will do
connect
mailbox two.mbox
secrets joe:{PLAIN}another
S: +OK*
C: APOP joe {digest:another}
S: +OK*
C: QUIT
S: +OK*
again connect
S: +OK*
C: APOP joe {digest:secret}
S: +OK*
C: QUIT
S: +OK*
