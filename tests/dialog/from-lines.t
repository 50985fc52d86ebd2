# The usual kinds of From_ lines
mailbox from-lines.mbox
C: STAT
S: +OK 10 180
C: TOP 10 0
S: +OK*
S: Subject: f9
S: 
S: .
C: QUIT
S: +OK*
