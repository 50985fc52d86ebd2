# An update for which there is no room leaves the mailbox as it was
mailbox two.mbox long-line.mbox
file-limit 65536
C: DELE 1
S: +OK*
C: QUIT
S: -ERR [SYS/TEMP]*
end
mailbox-unchanged
again
C: STAT
S: +OK 3 *
C: RETR 2
S: +OK 214 octets
S-body two.body
C: QUIT
S: +OK*
mailbox-unchanged
