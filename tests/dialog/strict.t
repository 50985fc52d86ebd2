# --strict does not serve without root
only user
connect
options --strict
end
exit 78
