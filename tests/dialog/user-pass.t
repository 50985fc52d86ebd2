# USER and PASS open the maildrop
connect
mailbox two.mbox
S: +OK*
C: USER joe
S: +OK*
C: PASS secret
S: +OK 2 messages (408 octets)
C: QUIT
S: +OK*
end
log LOGIN, ip=[unknown], method=PASS, tls=0, user=joe, jail=*
log LOGOUT, user=joe, ip=[unknown], msgs=2, retr=0, top=0, dele=0, left=2, in=*, out=*, time=*
mailbox-unchanged
