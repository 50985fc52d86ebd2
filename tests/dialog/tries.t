# --tries sets how many
connect
options --tries=1
S: +OK*
C: USER joe
S: +OK*
C: PASS wrong
S: -ERR [AUTH]*
end
