# What a client says cannot pass for a line of the log
connect
options --tries=9
S: +OK*
C: USER joe\rLOGIN, ip=[192.0.2.1]
S: *
C: PASS x
S: -ERR*
C: USER \x1b[2Jjoe\x7f\xe9
S: *
C: PASS x
S: -ERR*
C: USER ] user=root
S: *
C: PASS x
S: -ERR*
C: QUIT
S: +OK*
log LOGIN FAILED, ip=[unknown], method=PASS, user=joe\\x0dLOGIN*
log LOGIN FAILED, ip=[unknown], method=PASS, user=\\x1b*joe\\x7f\\xe9
no-log *ip=[192.0.2.1]*
no-log *user=root*
