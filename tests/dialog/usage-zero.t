# No tries at all make no sense
connect
options --tries=0
end
exit 64
