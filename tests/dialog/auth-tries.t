# Refusals of all kinds count together, and look alike
connect
options --tries=3
secrets wrong:*
S: +OK*
C: AUTH PLAIN {base64:\0joe\0Secret}
S: -ERR [AUTH] user name or password is wrong
C: AUTH LOGIN {base64:nobody-here}
S: + *
C: {base64:secret}
S: -ERR [AUTH] user name or password is wrong
C: AUTH PLAIN {base64:\0wrong\0*}
S: -ERR [AUTH] user name or password is wrong
end
log LOGIN FAILED, ip=[unknown], method=PLAIN, user=joe
log LOGIN FAILED, ip=[unknown], method=LOGIN, user=nobody-here
log secrets file *, line 4 is not *
