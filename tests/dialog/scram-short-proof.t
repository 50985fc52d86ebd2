# A proof of another length is a wrong one
connect
options --tries=1
S: +OK*
C: AUTH SCRAM-SHA-256 {first:joe}
S: + *
C: {base64:c=biws,r={nonce},p=AAAA}
S: -ERR [AUTH] user name or password is wrong
end
