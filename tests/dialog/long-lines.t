# A line of 255 octets is one; longer ones are not, and cost one answer each
mailbox two.mbox
C: NOOP{249* }
S: +OK*
C: NOOP{250* }
S: -ERR*
C: {20000*x}
S: -ERR*
C: STAT
S: +OK 2 408
C: QUIT
S: +OK*
