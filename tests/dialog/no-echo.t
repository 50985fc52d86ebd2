# What the client says is not said back
mailbox two.mbox
C: SESAME OPEN
S: -ERR unknown command
C: RETR SESAME
S: -ERR a message number is made of digits only
C: LIST 12345
S: -ERR no such message
C: QUIT
S: +OK*
