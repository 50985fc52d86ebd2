# TOP sends the header, the blank line and so many lines
mailbox top.mbox
C: TOP 1 0
S: +OK*
S: Subject: top
S: 
S: .
C: TOP 1 1
S: +OK*
S: Subject: top
S: 
S: 1
S: .
C: TOP 1 3
S: +OK*
S: Subject: top
S: 
S: 1
S: 2
S: ..3
S: .
C: TOP 1 5
S: +OK*
S: Subject: top
S: 
S: 1
S: 2
S: ..3
S: 
S: 5
S: .
C: TOP 1 4294967296
S: +OK*
S: Subject: top
S: 
S: 1
S: 2
S: ..3
S: 
S: 5
S: .
C: TOP 1 999999999999999999999999999999
S: +OK*
S: Subject: top
S: 
S: 1
S: 2
S: ..3
S: 
S: 5
S: .
C: LAST
S: +OK 0
C: QUIT
S: +OK*
mailbox-unchanged
