# A symbolic link to nothing is no empty mailbox
connect
mailbox-is dangling
S: +OK*
C: USER joe
S: +OK*
C: PASS secret
S: -ERR [SYS/PERM]*
end
log session of joe: mailbox * is a symbolic link: not served*
