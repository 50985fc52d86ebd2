# Commands may follow the login without waiting
connect
mailbox two.mbox
S: +OK*
C: USER joe
C: PASS secret
C: STAT
C: LIST 2
C: RETR 1
C: DELE 1
C: NOOP
C: QUIT
S: +OK*
S: +OK 2 messages*
S: +OK 2 408
S: +OK 2 214
S: +OK*
S-body one.body
S: +OK*
S: +OK*
S: +OK 1*
end
mailbox-keeps 2
