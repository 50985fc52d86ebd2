# A header that goes on in the next line, and a body that looks like one
mailbox folded.mbox
C: TOP 1 0
S: +OK*
S: Subject: a header
S: 	that goes on
S: X-Empty:
S: 
S: .
C: TOP 1 1
S: +OK*
S: Subject: a header
S: 	that goes on
S: X-Empty:
S: 
S: Subject: not a header
S: .
C: QUIT
S: +OK*
