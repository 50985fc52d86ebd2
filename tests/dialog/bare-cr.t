# A bare CR is neither a line's end nor touched
mailbox bare-cr.mbox
C: LIST
S: +OK*
S: 1 29
S: .
C: TOP 1 99
S: +OK*
S: Subject: cr
S: 
S: a\rb
S: \r.
S: \r\rx
S: .
C: QUIT
S: +OK*
