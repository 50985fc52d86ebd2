# A message that came by mail is shown, though it says that it is c-client's
mailbox pseudo-forged.mbox
C: LIST
S: +OK 1 messages*
S: 1 *
S: .
C: QUIT
S: +OK*
