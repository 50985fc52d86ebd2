# NULs are passed on
mailbox nul.mbox
C: STAT
S: +OK 1 24
C: RETR 1
S: +OK*
S: Subject: nul
S: 
S: a\0b
S: \0
S: .
C: QUIT
S: +OK*
