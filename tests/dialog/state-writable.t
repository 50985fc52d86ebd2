# Nor with one that others can write to
connect
exit 78
state-is writable
end
log state directory * can be written by others: chmod 711 it
