# --pam-session: not without PAM
connect
options --pam-session --no-pam
exit 64
end
log option --pam-session: not with --no-pam*
