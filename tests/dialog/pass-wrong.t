# Three refusals end the connection
connect
S: +OK*
C: USER joe
S: +OK*
C: PASS wrong
S: -ERR [AUTH] user name or password is wrong
C: USER nobody-here
S: +OK*
C: PASS wrong
S: -ERR [AUTH] user name or password is wrong
C: USER joe
S: +OK*
C: PASS Secret
S: -ERR [AUTH] user name or password is wrong
end
log LOGIN FAILED, ip=[unknown], method=PASS, user=nobody-here
exit 0
