# Without its jail user the program does not serve
only root
connect
options --jail-user=nobody-here
end
exit 78
log jail user nobody-here: does not exist*
