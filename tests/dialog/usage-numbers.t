# A number on the command line is a number
connect
options --idle=soon
end
exit 64
