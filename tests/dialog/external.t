# AUTH EXTERNAL: the superserver has verified a certificate, whose name is joe's
connect
mailbox two.mbox
options --tls --client-cert=SSL_CLIENT_DN
env SSL_CLIENT_DN=/O=Example/CN=Joe
secrets joe:{EXTERNAL}/O=Example/CN=Joe
S: +OK*
C: AUTH
S: +OK*
S: SCRAM-SHA-256
S: SCRAM-SHA-1
S: CRAM-MD5
S: PLAIN
S: LOGIN
S: EXTERNAL
S: .
C: AUTH EXTERNAL {base64:anna}
S: -ERR [AUTH] user name or password is wrong
C: AUTH EXTERNAL
S: + 
C: 
S: +OK 2 messages*
C: QUIT
S: +OK*
log LOGIN FAILED, ip=[unknown], method=EXTERNAL, user=anna
log LOGIN, ip=*, method=EXTERNAL, *user=joe,*
