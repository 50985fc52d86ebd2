# Mail that comes into an empty mailbox
mailbox empty.mbox
C: STAT
S: +OK 0 0
do append new.mbox
C: STAT
S: +OK 0 0
C: RETR 1
S: -ERR*
C: QUIT
S: +OK*
mailbox-becomes new.mbox
