# Nobody is silent for longer than the idle limit
connect
options --takeover=600
end
exit 64
