# With %u in its name it is a user's, from the login on
connect
mailbox two.mbox
options --trace={dir}/trace.%u
trace-is trace.joe there
trace-is trace.anna there
S: +OK*
C: USER joe
S: +OK *
C: PASS secret
S: +OK *
C: STAT
S: +OK 2 *
C: QUIT
S: +OK*
trace trace.joe -- *, joe | S: +OK 2 * | C: STAT | S: +OK 2 * | C: QUIT | S: +OK *
trace trace.anna empty
