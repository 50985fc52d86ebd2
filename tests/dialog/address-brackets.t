# socat's way to write an address
connect
env SOCAT_PEERADDR=[2001:db8::7]
S: +OK*
C: APOP joe {digest:wrong}
S: -ERR [AUTH]*
C: QUIT
S: +OK*
log LOGIN FAILED, ip=[2001:db8::7], method=APOP, user=joe
