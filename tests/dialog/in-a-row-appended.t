# Mail that comes between two messages changes neither
mailbox three.mbox
C: RETR 1
S: +OK*
S-body one.body
C: RETR 2
S: +OK*
S-body two.body
do append new.mbox
C: RETR 3
S: +OK*
S-body three.body
C: RETR 4
S: -ERR*
C: QUIT
S: +OK*
