# The same for TOP
mailbox two.mbox
do rewrite
C: TOP 2 0
S: -ERR [SYS/TEMP]*
end
