# A secrets file that others can read is not used
connect
secrets-is readable
S: +OK POP3 ready
C: USER joe
S: +OK*
C: PASS secret
S: -ERR*
C: QUIT
S: +OK*
log secrets file * can be read or written by others: not used; chmod 600 it
