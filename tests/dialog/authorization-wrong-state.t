# Commands for after the login are refused before it
connect
S: +OK*
C: STAT
S: -ERR*
C: LIST
S: -ERR*
C: RETR 1
S: -ERR*
C: DELE 1
S: -ERR*
C: NOOP
S: -ERR*
C: RSET
S: -ERR*
C: TOP 1 0
S: -ERR*
C: UIDL
S: -ERR*
C: LAST
S: -ERR*
C: NONSENSE
S: -ERR*
C: 
S: -ERR*
C: QUIT
S: +OK*
end
