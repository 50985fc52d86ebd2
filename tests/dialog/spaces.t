# Spaces before and between are forgiven, tabs are not
mailbox two.mbox
C:   STAT
S: +OK 2 408
C:  LIST    2   
S: +OK 2 214
C: LIST\t2
S: -ERR*
C: STAT\t
S: -ERR*
C:    
S: -ERR*
C: QUIT   
S: +OK*
