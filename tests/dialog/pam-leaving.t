# A password that will be too old tomorrow lets in today, and nothing is said of it
only root
connect
S: +OK*
C: USER leaving
S: +OK*
C: PASS anna's unix password
S: +OK 0 messages (0 octets)
C: QUIT
S: +OK*
