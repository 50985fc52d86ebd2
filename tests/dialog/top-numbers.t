# TOP's line counts
mailbox top.mbox
C: TOP 1 +1
S: -ERR*
C: TOP 1 -0
S: -ERR*
C: TOP 1 1.5
S: -ERR*
C: TOP 1 0x5
S: -ERR*
C: TOP 1 1 x
S: -ERR*
C: TOP 1 001
S: +OK*
S: Subject: top
S: 
S: 1
S: .
C: TOP 1 4294967295
S: +OK*
S-body top.body
C: TOP 1 4294967297
S: +OK*
S-body top.body
C: TOP 1 18446744073709551616
S: +OK*
S-body top.body
C: TOP 1 18446744073709551617
S: +OK*
S-body top.body
C: TOP 1 000000000000000000000000000005
S: +OK*
S-body top.body
C: RETR 1
S: +OK*
S-body top.body
C: QUIT
S: +OK*
