# A device is not served
only root
connect
mailbox-is device
S: +OK*
C: USER joe
S: +OK*
C: PASS secret
S: -ERR [SYS/PERM]*
end
log session of joe: *mailbox *
