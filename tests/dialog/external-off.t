# EXTERNAL is not offered unless asked for, or without a certificate
connect
env SSL_CLIENT_DN=/CN=joe
secrets joe:{EXTERNAL}/CN=joe
S: +OK*
C: AUTH EXTERNAL =
S: -ERR that mechanism is not offered here
C: QUIT
S: +OK*
