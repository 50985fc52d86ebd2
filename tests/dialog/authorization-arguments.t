# Arguments that are missing or too many
connect
S: +OK*
C: USER
S: -ERR*
C: USER  
S: -ERR*
C: PASS
S: -ERR*
C: USER joe
S: +OK*
C: PASS
S: -ERR*
C: APOP a b c
S: -ERR*
C: CAPA x
S: -ERR*
C: QUIT x
S: -ERR*
C: QUIT  
S: +OK*
end
