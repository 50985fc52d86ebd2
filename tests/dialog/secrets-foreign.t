# A secrets file that belongs to someone else is not used
only root
connect
secrets-is foreign
S: +OK POP3 ready
C: USER joe
S: +OK*
C: PASS secret
S: -ERR*
C: QUIT
S: +OK*
log secrets file * belongs to someone else: not used*
