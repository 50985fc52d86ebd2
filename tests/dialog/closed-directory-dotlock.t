# Where nobody can make a lock file, and it is asked for
connect
mailbox two.mbox
mailbox-is closed-directory
options --lock=dotlock
S: +OK*
C: USER joe
S: +OK*
C: PASS secret
S: -ERR [SYS/TEMP]*
end
mailbox-unchanged
log *cannot make lock file *
