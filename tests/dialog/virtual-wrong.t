# Owners that are not there or are root, and names that lead elsewhere
connect
only root
no-secrets
options --tries=9
secrets a@example.org:root:/var/mail/joe:{PLAIN}x
secrets b@example.org:nobody-here:/var/mail/joe:{PLAIN}x
secrets c@example.org:{PLAIN}x
secrets joe@../..:joe:{dir}/%d/%n:{PLAIN}x
secrets joe@..:joe:{dir}/%d/%n:{PLAIN}x
S: +OK*
C: AUTH PLAIN {base64:\0a@example.org\0x}
S: -ERR [AUTH] user name or password is wrong
C: AUTH PLAIN {base64:\0b@example.org\0x}
S: -ERR [AUTH] user name or password is wrong
C: AUTH PLAIN {base64:\0c@example.org\0x}
S: -ERR [AUTH] user name or password is wrong
C: AUTH PLAIN {base64:\0joe@../..\0x}
S: -ERR [AUTH] user name or password is wrong
C: AUTH PLAIN {base64:\0joe@..\0x}
S: -ERR [AUTH] user name or password is wrong
C: QUIT
S: +OK*
log user root has uid 0: refused
log user nobody-here is no system user: refused
log user c@example.org is no system user: refused
no-log LOGIN,*
