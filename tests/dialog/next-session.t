# New mail is there in the next session; the ids of the old stay
mailbox two.mbox
C: UIDL
S: +OK*
S: 1 {one}
S: 2 {two}
S: .
do append new.mbox
C: QUIT
S: +OK*
again
C: UIDL
S: +OK*
S: 1 {one}
S: 2 {two}
S: 3 {three}
S: .
C: DELE 1
S: +OK*
C: QUIT
S: +OK*
again
C: UIDL
S: +OK*
S: 1 {two}
S: 2 {three}
S: .
C: RETR 1
S: +OK 214*
S-body two.body
C: QUIT
S: +OK*
mailbox-becomes second.mbox new.mbox
