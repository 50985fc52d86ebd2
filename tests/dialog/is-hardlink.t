# A file with two names is not served
connect
mailbox two.mbox
mailbox-is hardlink
S: +OK*
C: USER joe
S: +OK*
C: PASS secret
S: -ERR [SYS/PERM]*
end
log session of joe: mailbox * has more than one hard link: not served
