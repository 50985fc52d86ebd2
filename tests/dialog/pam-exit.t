# A module that ends the process: exit() ends the connection, nothing else
only root
connect
no-secrets
pam auth required {says} auth=ask auth=exit
pam account required {says}
exit 0
S: +OK POP3 ready
C: USER anna
S: +OK*
C: PASS x
end
no-log LOGIN*
