# Of AUTH's texts, and of APOP's digest, --trace has nothing
connect
mailbox two.mbox
options --trace={dir}/traced
trace-is traced there
S: +OK*
C: APOP joe {digest:guess}
S: -ERR*
C: AUTH CRAM-MD5
S: + {stamp}
C: {cram:joe:secret}
S: +OK 2 messages*
C: QUIT
S: +OK*
trace traced -- *, login | S: +OK POP3 ready* | C: APOP joe (hidden) | S: -ERR [AUTH] * | C: AUTH CRAM-MD5 | S: + (hidden) | C: (hidden) | -- *, joe | S: +OK 2 * | C: QUIT | S: +OK *
