# One name and password in two forms, in every way to log in
connect
mailbox two.mbox
options --mailbox={dir}/mail/joe
secrets Jörg:joe::{PLAIN}grün2
S: +OK*
C: USER Jörg
S: +OK*
C: PASS grün²
S: +OK 2 messages*
C: QUIT
S: +OK*
again connect
S: +OK*
C: APOP Jörg {digest:grün2}
S: +OK 2 messages*
C: QUIT
S: +OK*
again connect
S: +OK*
C: AUTH PLAIN {base64:Jörg\0Jörg\0grün²}
S: +OK 2 messages*
C: QUIT
S: +OK*
again connect
S: +OK*
C: AUTH LOGIN
S: + *
C: {base64:Jörg}
S: + *
C: {base64:grün²}
S: +OK 2 messages*
C: QUIT
S: +OK*
again connect
S: +OK*
C: AUTH CRAM-MD5
S: + *
C: {cram:Jörg:grün2}
S: +OK 2 messages*
C: QUIT
S: +OK*
again connect
S: +OK*
C: AUTH SCRAM-SHA-256 {first:Jörg}
S: + *
C: {final:grün2}
S: + {signature}
C: 
S: +OK 2 messages*
C: QUIT
S: +OK*
log LOGIN, ip=*, method=SCRAM-SHA-256, *user=J\\xc3\\xb6rg,*
