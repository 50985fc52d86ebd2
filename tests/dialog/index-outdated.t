# An index is not believed when the mailbox has changed, though size and time are the same
mailbox two.mbox
do wait 3
C: STAT
S: +OK 2 408
C: QUIT
S: +OK*
do rewrite
again
C: TOP 2 0
S: +OK*
S: Received:*
S: Date:*
S: From:*
S: sUBJECT: two
S: Message-ID:*
S: 
S: .
C: QUIT
S: +OK*
