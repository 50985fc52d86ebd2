# --proxy: a header has to come soon
options --proxy
connect
mailbox two.mbox
c: PROXY TCP4
end
log login, ip=[unknown]: no PROXY header in time
