# Mail that comes during a session is kept, and not shown
mailbox two.mbox
C: STAT
S: +OK 2 408
do append new.mbox
C: STAT
S: +OK 2 408
C: RETR 2
S: +OK*
S-body two.body
C: DELE 1
S: +OK*
C: DELE 2
S: +OK*
C: QUIT
S: +OK 0*
mailbox-becomes new.mbox
