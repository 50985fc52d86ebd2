# A shell that lets nobody in keeps nobody from his mail
only root
connect
S: +OK*
C: USER noshell
S: +OK*
C: PASS anna's unix password
S: +OK 0 messages*
C: QUIT
S: +OK*
