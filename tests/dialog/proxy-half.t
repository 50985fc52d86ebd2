# --proxy: a header that does not end
options --proxy
connect
mailbox two.mbox
c: PROXY TCP4 192.0.2.
half-close
end
log login, ip=[unknown]: PROXY header: it has no end
