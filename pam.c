/*
 * pam.c - one PAM conversation, nothing else
 *
 * Modules run in this process, as root. They may ask for one secret and get
 * the password; whatever else they ask, the answer is an error, and what they
 * want to tell the user is dropped.
 */
#include "pam.h"

#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct talk {
	const char *password; /* borrowed */
	int asked;
};

/* What PAM is to be told by one message; *answer is NULL for nothing. */
static int
answer_one(struct talk *t, int style, char **answer)
{
	*answer = NULL;
	if (style == PAM_TEXT_INFO || style == PAM_ERROR_MSG)
		return PAM_SUCCESS;
	if (style != PAM_PROMPT_ECHO_OFF || t->asked++)
		return PAM_CONV_ERR;
	*answer = strdup(t->password);
	return *answer == NULL ? PAM_BUF_ERR : PAM_SUCCESS;
}

static void
free_answers(struct pam_response *all, int n)
{
	for (int i = 0; i < n; i++)
		if (all[i].resp != NULL) {
			explicit_bzero(all[i].resp, strlen(all[i].resp));
			free(all[i].resp);
		}
	free(all);
}

/* PAM frees the answers, if it gets them. */
static int
converse(int n, const struct pam_message **messages,
    struct pam_response **answers, void *t)
{
	struct pam_response *all;
	int status = PAM_SUCCESS;

	if (n <= 0 || n > PAM_MAX_NUM_MSG)
		return PAM_CONV_ERR;
	all = calloc((size_t)n, sizeof *all);
	if (all == NULL)
		return PAM_BUF_ERR;
	for (int i = 0; i < n && status == PAM_SUCCESS; i++)
		status = answer_one(t, messages[i]->msg_style, &all[i].resp);
	if (status == PAM_SUCCESS)
		*answers = all;
	else
		free_answers(all, n);
	return status;
}

#ifdef PAM_FAIL_DELAY
/* The delay after a refusal is the monitor's, the same for every reason. */
static void
no_delay(int status, unsigned microseconds, void *t)
{
	(void)status;
	(void)microseconds;
	(void)t;
}
#endif

static int
set_items(pam_handle_t *pam, const char *service, const char *address)
{
	int status = pam_set_item(pam, PAM_TTY, service);

	if (status == PAM_SUCCESS && address != NULL)
		status = pam_set_item(pam, PAM_RHOST, address);
#ifdef PAM_FAIL_DELAY
	if (status == PAM_SUCCESS) {
		void (*f)(int, unsigned, void *) = no_delay;
		const void *item;

		memcpy(&item, &f, sizeof item); /* ISO C has no such cast */
		status = pam_set_item(pam, PAM_FAIL_DELAY, item);
	}
#endif
	return status;
}

/* PAM_USER may not be the name that was given. */
static int
take_user(pam_handle_t *pam, char *account, size_t room)
{
	const void *name = NULL;
	int status = pam_get_item(pam, PAM_USER, &name);

	if (status != PAM_SUCCESS)
		return status;
	if (name == NULL || strlen(name) >= room)
		return PAM_USER_UNKNOWN;
	snprintf(account, room, "%s", (const char *)name);
	return PAM_SUCCESS;
}

int
pam_has_service(const char *service)
{
	static const char *const directories[] = {
	    "/etc/pam.d", "/usr/lib/pam.d", "/usr/share/pam.d"};
	char path[512];

	for (size_t i = 0; i < COUNT(directories); i++) {
		snprintf(path, sizeof path, "%s/%s", directories[i], service);
		if (access(path, F_OK) == 0)
			return 1;
	}
	return 0;
}

static enum trouble
judge(pam_handle_t *pam, int status, const char *service)
{
	switch (status) {
	case PAM_SUCCESS:
		return FINE;
	case PAM_AUTH_ERR:
	case PAM_USER_UNKNOWN:
	case PAM_MAXTRIES:
	case PAM_CRED_INSUFFICIENT:
	case PAM_CRED_EXPIRED:
	case PAM_PERM_DENIED:
	case PAM_ACCT_EXPIRED:
	case PAM_AUTHTOK_EXPIRED:
	case PAM_NEW_AUTHTOK_REQD: /* it cannot be changed over POP3 */
		if (!pam_has_service(service))
			log_line(LOG_ERR,
			    "PAM has no service %s and asked \"other\" "
			    "instead: put a file into /etc/pam.d",
			    service);
		return PERM;
	default:
		log_line(LOG_ERR,
		    "PAM service %s: %s; look at /etc/pam.d/%s and at what "
		    "its modules log (in a container they may lack audit)",
		    service, pam_strerror(pam, status), service);
		return TEMP;
	}
}

enum trouble
pam_check(const char *service, const char *user, const char *password,
    const char *address, char *account, size_t account_room)
{
	struct talk talk = {.password = password};
	struct pam_conv conv = {.conv = converse, .appdata_ptr = &talk};
	const int flags = PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK;
	pam_handle_t *pam = NULL;
	enum trouble why;
	int status;

	status = pam_start(service, user, &conv, &pam);
	if (status == PAM_SUCCESS)
		status = set_items(pam, service, address);
	if (status == PAM_SUCCESS)
		status = pam_authenticate(pam, flags);
	if (status == PAM_SUCCESS)
		status = pam_acct_mgmt(pam, flags);
	if (status == PAM_SUCCESS)
		status = take_user(pam, account, account_room);
	why = judge(pam, status, service);
	if (pam != NULL)
		pam_end(pam, status);
	return why;
}
