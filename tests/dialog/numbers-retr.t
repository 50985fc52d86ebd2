# Message numbers that are none: RETR
mailbox two.mbox
C: RETR
S: -ERR*
C: RETR 0
S: -ERR*
C: RETR 00
S: -ERR*
C: RETR -1
S: -ERR*
C: RETR -0
S: -ERR*
C: RETR +1
S: -ERR*
C: RETR 3
S: -ERR*
C: RETR 99
S: -ERR*
C: RETR 1x
S: -ERR*
C: RETR x
S: -ERR*
C: RETR 1.0
S: -ERR*
C: RETR 1,2
S: -ERR*
C: RETR 0x1
S: -ERR*
C: RETR 1-2
S: -ERR*
C: RETR *
S: -ERR*
C: RETR 4294967295
S: -ERR*
C: RETR 4294967296
S: -ERR*
C: RETR 4294967297
S: -ERR*
C: RETR 18446744073709551616
S: -ERR*
C: RETR 18446744073709551617
S: -ERR*
C: RETR 100000000000000000000000000001
S: -ERR*
C: RETR 1 2
S: -ERR*
C: RETR \x31\xb2
S: -ERR*
C: RETR 1\t
S: -ERR*
C: RETR \xef\xbc\x91
S: -ERR*
C: RETR 002
S: +OK 214*
S-body two.body
C: RETR   1  
S: +OK 194*
S-body one.body
C: STAT
S: +OK 2 408
C: QUIT
S: +OK 2 messages left
mailbox-unchanged
