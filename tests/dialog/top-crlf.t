# TOP of a file with CRLF
mailbox crlf.mbox
C: TOP 2 1
S: +OK*
S: Received:*
S: Date:*
S: From:*
S: Subject: two
S: Message-ID:*
S: 
S: The second body.
S: .
C: TOP 2 99
S: +OK*
S-body two.body
C: QUIT
S: +OK*
