# Nor with one that others can write to
connect
S: -ERR [SYS/PERM] the server is not set up rightly, tell your postmaster
end
exit 78
state-is writable
log state directory * can be written by others: chmod 711 it
