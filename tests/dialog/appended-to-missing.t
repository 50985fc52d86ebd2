# A mailbox that comes into being during the session
mailbox-is missing
C: STAT
S: +OK 0 0
do append new.mbox
C: STAT
S: +OK 0 0
C: QUIT
S: +OK*
again
C: STAT
S: +OK 1 *
C: QUIT
S: +OK*
