# --authenticated: without a name there is nobody
options --authenticated
only user
connect
mailbox two.mbox
exit 78
end
log --authenticated without USER*
