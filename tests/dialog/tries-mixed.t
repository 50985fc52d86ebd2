# Every refusal counts, by whatever method
connect
S: +OK*
C: USER joe
S: +OK*
C: PASS wrong
S: -ERR [AUTH]*
C: APOP joe {digest:wrong}
S: -ERR [AUTH]*
C: NONSENSE
S: -ERR*
C: APOP nobody-here {digest:wrong}
S: -ERR [AUTH]*
end
