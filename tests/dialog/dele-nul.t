# Deletion beside NULs, bare CRs and 8-bit bytes
mailbox nul.mbox bare-cr.mbox eightbit.mbox
C: LIST
S: +OK 3 *
S: 1 24
S: 2 29
S: 3 *
S: .
C: DELE 2
S: +OK*
C: QUIT
S: +OK 2*
mailbox-keeps 1 3
