# PLAIN and LOGIN by PAM, for who has no line in the secrets file
connect
mailbox two.mbox
only root
no-secrets
S: +OK*
C: AUTH PLAIN {base64:\0joe\0anna's unix passwort}
S: -ERR [AUTH]*
C: AUTH LOGIN {base64:joe}
S: + *
C: {base64:anna's unix password}
S: +OK 2 messages*
C: QUIT
S: +OK*
log LOGIN, ip=*, method=LOGIN, *user=joe,*
