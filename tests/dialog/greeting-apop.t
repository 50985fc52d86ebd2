# With a secrets file the greeting ends with a timestamp
connect
S: +OK POP3 ready <*@*>
C: QUIT
S: +OK*
end
exit 0
