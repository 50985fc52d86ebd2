# --trace has the dialogue, but no password and no mail
connect
mailbox two.mbox
options --trace={dir}/traced
trace-is traced there
S: +OK POP3 ready*
C: secret
S: -ERR *
C: CAPA secret
S: -ERR *
C: USER joe
S: +OK *
C: PASS guess
S: -ERR *
C: AUTH PLAIN {base64:\0joe\0guessed}
S: -ERR *
C: USER joe
S: +OK *
C: PASS secret
S: +OK *
C: LIST
S: +OK *
S*3: *
C: RETR 2
S: +OK *
S-body two.body
C: XTND secret
S: -ERR *
C: DELE\x07 1
S: -ERR *
C: QUIT
S: +OK *
mailbox-unchanged
trace traced -- *, login | S: +OK POP3 ready* | C: (hidden) | S: -ERR unknown* | C: CAPA (hidden) | S: -ERR * | C: USER joe | S: +OK now* | C: PASS (hidden) | S: -ERR [AUTH] * | C: AUTH PLAIN (hidden) | S: -ERR [AUTH] * | C: USER joe | S: +OK now* | C: PASS (hidden) | -- *, joe | S: +OK 2 * | C: LIST | S: +OK 2 * | S: 1 * | S: 2 * | S: . | C: RETR 2 | S: +OK * | S: (* octets of mail) | S: . | C: XTND (hidden) | S: -ERR * | C: DELE? (hidden) | S: -ERR * | C: QUIT | S: +OK *
