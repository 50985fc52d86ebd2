# A secrets file that is a symbolic link is not used
connect
secrets-is symlink
S: +OK POP3 ready
C: QUIT
S: +OK*
log secrets file * is a symbolic link: not used; put the file itself there
