# A secrets file may have CRLF, and colons in a secret
connect
mailbox two.mbox
no-secrets
secrets joe:{PLAIN}a:b{c}
S: +OK*
C: USER joe
S: +OK*
C: PASS a:b{c}
S: +OK*
C: QUIT
S: +OK*
