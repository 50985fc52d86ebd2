# An option that does not exist
connect
options --nonsense
end
exit 64
