# More commands in one go than any buffer holds
connect
mailbox two.mbox
S: +OK*
C*400: NOOP
C: USER joe
C: PASS secret
C*700: LIST 1
C: DELE 2
C: QUIT
S*400: -ERR*
S: +OK*
S: +OK 2*
S*700: +OK 1 194
S: +OK*
S: +OK 1*
end
mailbox-keeps 1
