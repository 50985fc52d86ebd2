# Without its state directory the program does not serve
connect
S: -ERR [SYS/PERM] the server is not set up rightly, tell your postmaster
end
exit 78
state-is missing
log state directory * is not there: make it with install -d -m 711
