# A directory is no secrets file
connect
secrets-is directory
S: +OK POP3 ready
C: QUIT
S: +OK*
log secrets file * is not a plain file: not used*
