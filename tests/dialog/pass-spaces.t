# Spaces in a password are part of it; around a user name they are not
connect
mailbox two.mbox
secrets joe:{PLAIN} two  words 
S: +OK*
C: USER   joe  
S: +OK*
C: PASS  two  words 
S: +OK*
C: QUIT
S: +OK*
