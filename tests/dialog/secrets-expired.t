# Who is in the secrets file is judged by that alone: also where PAM would refuse
only root
connect
no-secrets
secrets gone:{PLAIN}mail
secrets locked:{CRYPT}*
S: +OK*
C: USER locked
S: +OK*
C: PASS anna's unix password
S: -ERR [AUTH]*
C: USER gone
S: +OK*
C: PASS mail
S: +OK 0 messages*
C: QUIT
S: +OK*
