# A fullwidth slash, dot or colon is judged as what it becomes
connect
mailbox two.mbox
options --tries=9 --mailbox={dir}/mail/%u
secrets ../joe:{PLAIN}x
secrets .joe:{PLAIN}x
S: +OK*
C: USER \xef\xbc\x8e\xef\xbc\x8e\xef\xbc\x8fjoe
S: +OK*
C: PASS x
S: -ERR [AUTH] user name or password is wrong
C: AUTH PLAIN {base64:\0\xe2\x80\xa5\xef\xbc\x8fjoe\0x}
S: -ERR [AUTH] user name or password is wrong
C: AUTH PLAIN {base64:\0\xef\xbc\x8ejoe\0x}
S: -ERR [AUTH] user name or password is wrong
C: AUTH PLAIN {base64:\0joe\xef\xbc\x9a\0secret}
S: -ERR [AUTH] user name or password is wrong
C: AUTH PLAIN {base64:\0\xef\xbd\x8aoe\0secret}
S: +OK 2 messages*
C: QUIT
S: +OK*
log LOGIN FAILED, ip=[unknown], method=PASS, user=../joe
