# The usual places: /var/mail, /var/lib/pop3d, PAM
only root
connect
default-places
mailbox three.mbox
S: +OK POP3 ready
C: USER joe
S: +OK*
C: PASS anna's unix password
S: +OK 3*
C: RETR 3
S: +OK*
S-body three.body
C: DELE 1
S: +OK*
C: QUIT
S: +OK 2*
mailbox-keeps 2 3
