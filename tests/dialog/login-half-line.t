# Half a line does not put off the end of a login
connect
options --login-timeout=3
S: +OK*
c: USE
end
log login, ip=[unknown]: no login in time
exit 0
