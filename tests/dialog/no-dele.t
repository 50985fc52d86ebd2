# A session that deletes nothing does not mind a changed mailbox at QUIT
mailbox two.mbox
do rewrite
C: QUIT
S: +OK 2*
end
