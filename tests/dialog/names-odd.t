# Names with colons, at signs, UTF-8, 255 octets, by AUTH
connect
mailbox two.mbox
options --tries=9 --mailbox={dir}/mail/joe
secrets jörg@exämple.org:joe::{PLAIN}x
S: +OK*
C: AUTH PLAIN {base64:\0a:b\0x}
S: -ERR [AUTH] user name or password is wrong
C: AUTH PLAIN {base64:\0@\0x}
S: -ERR [AUTH] user name or password is wrong
C: AUTH PLAIN
S: + 
C: {base64:\0{255*u}\0x}
S: -ERR [AUTH] user name or password is wrong
C: AUTH LOGIN
S: + *
C: {base64:{256*u}}
S: -ERR user name or password is too long
C: AUTH PLAIN {base64:\0joe, ip=[192.0.2.1]\0x}
S: -ERR [AUTH] user name or password is wrong
C: AUTH PLAIN {base64:\0joe\nLOGIN\0x}
S: -ERR [AUTH] user name or password is wrong
C: AUTH SCRAM-SHA-256 {first:jörg@exämple.org}
S: + *
C: {final:x}
S: + {signature}
C: 
S: +OK 2 messages*
C: QUIT
S: +OK*
log LOGIN FAILED, ip=[unknown], method=PLAIN, user=joe\\x2c\\x20ip\\x3d*
log LOGIN FAILED, ip=[unknown], method=PLAIN, user=joe\\x0aLOGIN
no-log *\n*
