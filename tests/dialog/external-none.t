# Asked for, but this client has no certificate
connect
options --client-cert=SSL_CLIENT_DN
secrets joe:{EXTERNAL}/CN=joe
secrets joe:{EXTERNAL}
S: +OK*
C: AUTH EXTERNAL =
S: -ERR that mechanism is not offered here
C: QUIT
S: +OK*
