# A trace that is not there is not made
mailbox two.mbox
options --trace={dir}/traced
C: STAT
S: +OK 2 *
C: QUIT
S: +OK*
no-log *trace*
