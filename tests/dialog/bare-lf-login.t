# A bare LF before and after the login
connect
mailbox two.mbox
S: +OK*
c: USER joe\nPASS secret\nSTAT\nDELE 2\nQUIT\n
S: +OK*
S: +OK 2*
S: +OK 2 408
S: +OK*
S: +OK 1*
end
mailbox-keeps 1
