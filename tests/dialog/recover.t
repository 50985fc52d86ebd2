# --recover empties a journal that holds no plan, and says nothing the next time
mailbox two.mbox
C: QUIT
S: +OK*
do spoil-journal
recover 0 */mail/joe: interrupted update finished
mailbox-unchanged
log session of *: mailbox */mail/joe: an update had not begun; journal emptied
recover 0
