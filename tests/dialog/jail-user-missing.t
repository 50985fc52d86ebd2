# Without its jail user the program does not serve
only root
connect
options --jail-user=nobody-here
S: -ERR [SYS/PERM] the server is not set up rightly, tell your postmaster
end
exit 78
log jail user nobody-here: does not exist*
