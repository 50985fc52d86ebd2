# The same, with one message deleted
mailbox two.mbox
C: DELE 2
S: +OK*
do append new.mbox
C: QUIT
S: +OK 1*
mailbox-becomes first.mbox new.mbox
