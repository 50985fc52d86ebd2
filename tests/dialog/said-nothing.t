# A client that connects and goes
connect
S: +OK*
close
no-log LOGIN*
