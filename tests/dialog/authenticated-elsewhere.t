# --authenticated: a name that leads out of the mailbox directory
options --authenticated
only user
connect
env USER=../joe
mailbox two.mbox
exit 78
end
log --authenticated without USER*
