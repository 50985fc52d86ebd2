# Half a line does not keep a session awake for ever
mailbox two.mbox
options --idle=3
C: DELE 1
S: +OK*
c: QUI
end
mailbox-unchanged
log LOGOUT, *, end=idle
