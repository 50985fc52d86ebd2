# A certificate that nobody has an entry for
connect
options --client-cert=SSL_CLIENT_DN
env SSL_CLIENT_DN=/CN=jane, ip=[192.0.2.1]
no-secrets
secrets joe:{EXTERNAL}/CN=joe
S: +OK*
C: AUTH EXTERNAL =
S: -ERR [AUTH] user name or password is wrong
C: AUTH EXTERNAL {base64:joe}
S: -ERR [AUTH] user name or password is wrong
C: USER joe
S: +OK*
C: PASS /CN=joe
S: -ERR [AUTH] user name or password is wrong
end
log user (not named) has no entry {EXTERNAL}/CN=jane, ip=[192.0.2.1]
no-log LOGIN*192*
