# Without its state directory the program does not serve
connect
exit 78
state-is missing
end
log state directory * is not there: make it with install -d -m 711
