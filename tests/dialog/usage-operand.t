# There are no operands
connect
options joe
end
exit 64
