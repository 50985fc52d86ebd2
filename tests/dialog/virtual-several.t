# Of several lines, the one that lets the user in says where the mailbox is
connect
mailbox two.mbox
no-secrets
secrets joe@example.org:joe:{dir}/mail/none:{PLAIN}one
secrets joe@example.org:joe:{dir}/mail/joe:{PLAIN}two
secrets joe@example.org:joe:{dir}/mail/none:{PLAIN}two
S: +OK*
C: AUTH PLAIN {base64:\0joe@example.org\0two}
S: +OK 2 messages*
C: QUIT
S: +OK*
