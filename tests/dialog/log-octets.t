# The log counts what went in and out after the login
mailbox two.mbox
C: RETR 1
C: QUIT
S: +OK 194 octets
S-body one.body
S: +OK 2 messages left
end
log LOGOUT, user=joe, ip=[unknown], msgs=2, retr=1, top=0, dele=0, left=2, in=14, out=*, time=*
