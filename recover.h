/*
 * recover.h - pop3d --recover: finish every interrupted update
 *
 * The next login of a user does this for his maildrop anyway. At boot it is
 * done for all, before other programs come to read the mailboxes.
 */
#ifndef RECOVER_H
#define RECOVER_H

#include "monitor.h"
#include "session.h"

/*
 * For each journal that is not empty, a session without a client, as the
 * journal's owner. Prints what has become of each. Returns EX_OK if no journal
 * is left that is to be applied, EX_TEMPFAIL if one is: the log has the
 * reason. Of the session's configuration the client's and the monitor's
 * descriptors are not used.
 */
int recover_all(
    const struct monitor_config *monitor, const struct session_config *session);

#endif
