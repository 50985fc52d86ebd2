# A session that is silent makes way for a newer one, and deletes nothing
mailbox three.mbox
options --takeover=1
C: DELE 1
S: +OK *
do wait 2
second +OK *
end
mailbox-unchanged
log LOGOUT, *, end=taken over
log LOGOUT, *dele=0*
