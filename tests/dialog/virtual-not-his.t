# A mailbox that is not the owner's is not served
connect
mailbox two.mbox
only root
no-secrets
secrets joe@example.org:anna:{dir}/mail/joe:{PLAIN}x
S: +OK*
C: AUTH PLAIN {base64:\0joe@example.org\0x}
S: -ERR [SYS/*
mailbox-unchanged
