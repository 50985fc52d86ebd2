# A login that takes too long ends
connect
options --login-timeout=3
S: +OK*
C: USER joe
S: +OK*
end
log login, ip=[unknown]: no login in time
exit 0
