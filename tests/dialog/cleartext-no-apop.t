# Where there is no APOP, the refusal of a password does not advise it
connect
no-secrets
env TCPREMOTEIP=192.0.2.7
S: +OK POP3 ready
C: USER joe
S: -ERR [AUTH] no passwords on an unencrypted connection: use TLS (POP3S, port 995)
C: QUIT
S: +OK*
