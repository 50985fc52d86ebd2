# A client that has said all before the login is answered
connect
mailbox two.mbox
S: +OK*
C: USER joe
C: PASS wrong
C: USER joe
c: PASS secret
half-close
S: +OK*
S: -ERR [AUTH]*
S: +OK*
end
no-log LOGIN,*
