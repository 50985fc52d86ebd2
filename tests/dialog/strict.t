# --strict does not serve without root
only user
connect
options --strict
S: -ERR [SYS/PERM] the server is not set up rightly, tell your postmaster
end
exit 78
