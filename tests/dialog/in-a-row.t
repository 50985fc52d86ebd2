# Messages in a row, and what comes instead of the next one
mailbox three.mbox five.mbox
C: RETR 1
S: +OK*
S-body one.body
C: RETR 2
S: +OK*
S-body two.body
C: RETR 3
S: +OK*
S-body three.body
C: RETR 3
S: +OK*
S-body three.body
C: RETR 1
S: +OK*
S-body one.body
C: RETR 2
S: +OK*
S-body two.body
C: NOOP
S: +OK*
C: RETR 3
S: +OK*
S-body three.body
C: RETR 1
S: +OK*
S-body one.body
C: RETR 2
S: +OK*
S-body two.body
C: LIST 3
S: +OK 3 *
C: DELE 3
S: +OK*
C: RETR 3
S: -ERR*
C: RETR 1
S: +OK*
S-body one.body
C: RETR 2
S: +OK*
S-body two.body
C: RETR 99
S: -ERR*
C: RSET
S: +OK*
C: RETR 1
S: +OK*
S-body one.body
C: RETR 2
S: +OK*
S-body two.body
C: TOP 3 99
S: +OK top*
S-body three.body
C: RETR 1
S: +OK*
S-body one.body
C: RETR 2
S: +OK*
S-body two.body
C: QUIT
S: +OK*
mailbox-unchanged
log LOGOUT, *, retr=15, top=1, *
