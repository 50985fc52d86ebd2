# A symbolic link is not followed
connect
mailbox two.mbox
mailbox-is symlink
S: +OK*
C: USER joe
S: +OK*
C: PASS secret
S: -ERR [SYS/PERM]*
end
log session of joe: mailbox * is a symbolic link: not served*
