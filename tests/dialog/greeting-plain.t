# Without a secrets file there is no timestamp, and no APOP
connect
no-secrets
S: +OK POP3 ready
C: APOP joe 00000000000000000000000000000000
S: -ERR*
C: QUIT
S: +OK*
end
