# --authenticated: root is nobody's account
options --authenticated
only root
connect
env USER=joe
mailbox two.mbox
exit 78
end
log --authenticated as root*
