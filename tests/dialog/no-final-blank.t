# A last message without a blank line behind it
mailbox no-final-blank.mbox
C: LIST 2
S: +OK 2 31
C: DELE 2
S: +OK*
C: QUIT
S: +OK*
mailbox-keeps 1
