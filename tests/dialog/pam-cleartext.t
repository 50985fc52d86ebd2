# Nor does PAM take passwords in the clear from elsewhere
only root
connect
env TCPREMOTEIP=192.0.2.7
no-secrets
S: +OK POP3 ready
C: USER anna
S: -ERR [AUTH]*
C: PASS anna's unix password
S: -ERR [AUTH]*
C: APOP anna 00000000000000000000000000000000
S: -ERR*
C: QUIT
S: +OK*
no-log LOGIN*
