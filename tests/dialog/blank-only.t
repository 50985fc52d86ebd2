# A file of blank lines is no empty mailbox
connect
mailbox blank-only.mbox
S: +OK*
C: USER joe
S: +OK*
C: PASS secret
S: -ERR [SYS/PERM]*
end
mailbox-unchanged
