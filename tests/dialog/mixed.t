# Both kinds of line ends in one message
mailbox mixed.mbox
C: LIST 1
S: +OK 1 35
C: RETR 1
S: +OK*
S: Subject: mixed
S: 
S: unix
S: dos
S: unix
S: .
C: QUIT
S: +OK*
