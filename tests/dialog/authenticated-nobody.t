# --authenticated: without a name there is nobody
options --authenticated
only user
connect
mailbox two.mbox
S: -ERR [SYS/PERM] the server is not set up rightly, tell your postmaster
end
exit 78
log --authenticated without USER*
