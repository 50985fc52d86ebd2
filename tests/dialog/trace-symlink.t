# A trace that others could have made, or can write to, is left alone: symlink
mailbox two.mbox
options --trace={dir}/traced
trace-is traced symlink
C: STAT
S: +OK 2 *
C: QUIT
S: +OK*
trace traced empty
log *trace /*
