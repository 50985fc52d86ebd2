# --proxy: a wrong header closes the connection, with a line in the log
options --proxy
connect
mailbox two.mbox
C: PROXY TCP4 192.0.2.300 198.51.100.1 12345 110
end
log login, ip=[unknown]: PROXY header: not an address of its family
no-log LOGIN*
