# Wrong lines of the secrets file are named, the others used
connect
mailbox two.mbox
secrets joe
secrets joe:nothing
secrets anna:{MD9}x
secrets joe:{PLAIN}another
S: +OK*
C: USER joe
S: +OK*
C: PASS another
S: +OK*
C: QUIT
S: +OK*
log secrets file *, line 4 is not *
log secrets file *, line 5 is not *
log secrets file *, line 6 is not *
