# A percent sign in a name stands for itself
only user
connect
mailbox two.mbox
secrets %u:{PLAIN}secret
secrets %%n:{PLAIN}secret
S: +OK*
C: USER %u
S: +OK*
C: PASS secret
S: +OK 0 messages*
C: QUIT
S: +OK*
log LOGIN, *, user=%u, *
