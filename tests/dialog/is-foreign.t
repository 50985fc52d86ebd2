# Another user's file, though anyone may write to it
only root
connect
mailbox two.mbox
mailbox-is foreign
S: +OK*
C: USER joe
S: +OK*
C: PASS secret
S: -ERR [SYS/PERM]*
end
log session of joe: *mailbox *
