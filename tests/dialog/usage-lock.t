# A kind of lock that does not exist
connect
options --lock=flock
end
exit 64
