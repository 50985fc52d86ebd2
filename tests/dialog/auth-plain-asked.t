# AUTH PLAIN without an initial response, for oneself, in lower case
connect
mailbox two.mbox
S: +OK*
C: auth plain
S: + 
C: {base64:joe\0joe\0secret}
S: +OK 2 messages*
C: QUIT
S: +OK*
mailbox-unchanged
