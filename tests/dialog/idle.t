# A silent client goes, and nothing is deleted
mailbox two.mbox
options --idle=3
C: DELE 1
S: +OK*
end
mailbox-unchanged
log LOGOUT, *, end=idle
exit 0
