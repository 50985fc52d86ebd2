# A client that is gone before the greeting
connect
close
no-log LOGIN*
