# --authenticated: a name that leads out of the mailbox directory
options --authenticated
only user
connect
env USER=../joe
mailbox two.mbox
S: -ERR [SYS/PERM] the server is not set up rightly, tell your postmaster
end
exit 78
log --authenticated without USER*
