/*
 * pam.h - one PAM conversation, nothing else
 */
#ifndef PAM_H
#define PAM_H

#include "log.h"

#include <stddef.h>

/*
 * Asks PAM about a user and a password, authentication and account. FINE:
 * accepted, and "account" holds the name that PAM has settled on (modules may
 * change it). PERM: refused. TEMP: PAM itself has failed, which is logged.
 * The address may be NULL. Takes as long as the modules take, but for their
 * delays after a refusal, which are the caller's business.
 */
enum trouble pam_check(const char *service, const char *user,
    const char *password, const char *address, char *account,
    size_t account_room);

/* Can PAM be loaded? If not, that is logged. */
int pam_is_there(void);

/* Is there a file for that service? Without one PAM asks "other", which may
 * refuse everyone. */
int pam_has_service(const char *service);

#endif
