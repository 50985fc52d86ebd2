# Message numbers that are none: TOP
mailbox two.mbox
C: TOP
S: -ERR*
C: TOP 0 0
S: -ERR*
C: TOP 00 0
S: -ERR*
C: TOP -1 0
S: -ERR*
C: TOP -0 0
S: -ERR*
C: TOP +1 0
S: -ERR*
C: TOP 3 0
S: -ERR*
C: TOP 99 0
S: -ERR*
C: TOP 1x 0
S: -ERR*
C: TOP x 0
S: -ERR*
C: TOP 1.0 0
S: -ERR*
C: TOP 1,2 0
S: -ERR*
C: TOP 0x1 0
S: -ERR*
C: TOP 1-2 0
S: -ERR*
C: TOP * 0
S: -ERR*
C: TOP 4294967295 0
S: -ERR*
C: TOP 4294967296 0
S: -ERR*
C: TOP 4294967297 0
S: -ERR*
C: TOP 18446744073709551616 0
S: -ERR*
C: TOP 18446744073709551617 0
S: -ERR*
C: TOP 100000000000000000000000000001 0
S: -ERR*
C: TOP 1 2 0
S: -ERR*
C: TOP \x31\xb2 0
S: -ERR*
C: TOP 1\t 0
S: -ERR*
C: TOP \xef\xbc\x91 0
S: -ERR*
C: TOP 002 00
S: +OK*
S: Received:*
S: Date:*
S: From:*
S: Subject: two
S: Message-ID:*
S: 
S: .
C: STAT
S: +OK 2 408
C: QUIT
S: +OK 2 messages left
mailbox-unchanged
