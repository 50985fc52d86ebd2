# A path, and not a name: sessions are elsewhere
connect
options --trace=trace
end
exit 64
log *--trace trace: *absolute
