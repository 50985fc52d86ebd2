# --proxy: whoever sends no header gets no greeting
options --proxy
connect
mailbox two.mbox
C: USER joe
end
log login, ip=[unknown]: PROXY header: no PROXY header at all
