# A trace that others could have made, or can write to, is left alone: writable
mailbox two.mbox
options --trace={dir}/traced
trace-is traced writable
C: STAT
S: +OK 2 *
C: QUIT
S: +OK*
trace traced empty
log *trace /*
