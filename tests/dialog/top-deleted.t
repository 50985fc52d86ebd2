# TOP of a deleted message, and LAST, which TOP does not move
mailbox three.mbox
C: TOP 2 0
S: +OK*
S: Received:*
S: Date:*
S: From:*
S: Subject: two
S: Message-ID:*
S: 
S: .
C: LAST
S: +OK 0
C: DELE 2
S: +OK*
C: TOP 2 0
S: -ERR*
C: RSET
S: +OK 3*
C: TOP 2 1
S: +OK*
S: Received:*
S: Date:*
S: From:*
S: Subject: two
S: Message-ID:*
S: 
S: The second body.
S: .
C: QUIT
S: +OK*
mailbox-unchanged
