# --proxy: a proxy that only looks whether we are there is no event
options --proxy
connect
mailbox two.mbox
close
no-log *PROXY*
