# A missing directory is an error
connect
mailbox-is no-directory
S: +OK*
C: USER joe
S: +OK*
C: PASS secret
S: -ERR [SYS/TEMP]*
end
log session of joe: cannot find the directory of mailbox *
