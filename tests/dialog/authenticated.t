# --authenticated: a checkpassword program has let joe in before; the first line answers it
options --authenticated
only user
connect
env USER=joe
env HOME=/home/joe
env TCPREMOTEIP=192.0.2.7
mailbox two.mbox
S: +OK 2 messages (408 octets)
C: CAPA
S: +OK*
S: LANG
S: TOP
S: UIDL
S: UTF8 USER
S: RESP-CODES
S: AUTH-RESP-CODE
S: PIPELINING
S: EXPIRE NEVER
S: IMPLEMENTATION pop3d-*
S: .
C: USER joe
S: -ERR *
C: DELE 1
S: +OK*
C: QUIT
S: +OK*
mailbox-keeps 2
log LOGIN, ip=[192.0.2.7], method=authenticated, tls=0, user=joe*
log LOGOUT, user=joe, ip=[192.0.2.7], msgs=2*
