# The user may be named, by who has several
connect
mailbox two.mbox
options --client-cert=SSL_PEER_CERT_SUBJECT
env SSL_PEER_CERT_SUBJECT=CN=office
no-secrets
secrets anna:{EXTERNAL}CN=office
secrets joe:{EXTERNAL}CN=office
S: +OK POP3 ready
C: AUTH EXTERNAL {base64:joe}
S: +OK 2 messages*
C: QUIT
S: +OK*
