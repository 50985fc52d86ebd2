# TOP's arguments
mailbox two.mbox
C: TOP
S: -ERR*
C: TOP 1
S: -ERR*
C: TOP 1 x
S: -ERR*
C: TOP 1 -1
S: -ERR*
C: TOP 0 0
S: -ERR*
C: TOP 3 0
S: -ERR*
C: TOP 1 0 0
S: -ERR*
C: TOP  1  0
S: +OK*
S: Received:*
S: Date:*
S: From:*
S: Subject: one
S: Message-ID:*
S: 
S: .
C: QUIT
S: +OK*
