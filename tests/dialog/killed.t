# A kill deletes nothing, and the next session is served
mailbox two.mbox
exit -9
C: DELE 1
S: +OK*
do kill
end
mailbox-unchanged
