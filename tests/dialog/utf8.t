# UTF8: before the login and, as some clients say it, after
connect
mailbox eightbit.mbox
S: +OK*
C: UTF8
S: +OK *
C: UTF8 please
S: -ERR *
C: USER joe
S: +OK*
C: PASS secret
S: +OK*
C: UTF8
S: +OK *
C: RETR 1
S: +OK *
S-body eightbit.body
C: QUIT
S: +OK*
