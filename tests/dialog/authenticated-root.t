# --authenticated: root is nobody's account
options --authenticated
only root
connect
env USER=joe
mailbox two.mbox
S: -ERR [SYS/PERM] the server is not set up rightly, tell your postmaster
end
exit 78
log --authenticated as root*
