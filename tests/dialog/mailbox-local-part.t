# %n and %d are the parts of a name with an @
only user
connect
mailbox two.mbox
options --mailbox={dir}/mail/%n
secrets joe@example.org:{PLAIN}another
S: +OK*
C: USER joe@example.org
S: +OK*
C: PASS another
S: +OK 2*
C: QUIT
S: +OK*
log LOGIN, *, user=joe@example.org*
