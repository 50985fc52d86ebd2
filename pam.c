/*
 * pam.c - one PAM conversation, nothing else
 *
 * Modules run in this process, as root. They may ask for one secret and get
 * the password; whatever else they ask, the answer is an error, and what they
 * want to tell the user is dropped.
 */
#include "pam.h"

#include <dlfcn.h>
#include <malloc.h>
#include <security/pam_appl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* PAM's calls. It is loaded when a password has to go to it, and not before:
 * it brings libraries along whose start costs every connection. */
struct library {
	__typeof__(pam_start) *start;
	__typeof__(pam_set_item) *set_item;
	__typeof__(pam_get_item) *get_item;
	__typeof__(pam_authenticate) *authenticate;
	__typeof__(pam_acct_mgmt) *acct_mgmt;
	__typeof__(pam_setcred) *setcred;
	__typeof__(pam_open_session) *open_session;
	__typeof__(pam_close_session) *close_session;
	__typeof__(pam_strerror) *strerror;
	__typeof__(pam_end) *end;
};

static const struct {
	const char *name;
	size_t at;
} calls[] = {
    {"pam_start",         offsetof(struct library, start)        },
    {"pam_set_item",      offsetof(struct library, set_item)     },
    {"pam_get_item",      offsetof(struct library, get_item)     },
    {"pam_authenticate",  offsetof(struct library, authenticate) },
    {"pam_acct_mgmt",     offsetof(struct library, acct_mgmt)    },
    {"pam_setcred",       offsetof(struct library, setcred)      },
    {"pam_open_session",  offsetof(struct library, open_session) },
    {"pam_close_session", offsetof(struct library, close_session)},
    {"pam_strerror",      offsetof(struct library, strerror)     },
    {"pam_end",           offsetof(struct library, end)          },
};

/* RTLD_GLOBAL is what linking with it would be: there are modules that count
 * on that. */
static int
load(struct pam_session *s, struct library *pam)
{
	int found;

	if (s->library == NULL)
		s->library = dlopen("libpam.so.0", RTLD_NOW | RTLD_GLOBAL);
	found = s->library != NULL;
	for (size_t i = 0; i < COUNT(calls) && found; i++) {
		void *call = dlsym(s->library, calls[i].name);

		/* ISO C has no cast for this. */
		memcpy((char *)pam + calls[i].at, &call, sizeof call);
		found = call != NULL;
	}
	if (!found)
		log_line(LOG_ERR, "cannot load PAM: %s", dlerror());
	return found;
}

/* What modules have freed is the kernel's again, with what was in it: this
 * process lives on for the whole session. */
static void
unload(struct pam_session *s)
{
	if (s->library != NULL)
		dlclose(s->library);
	s->library = NULL;
	malloc_trim(0);
}

int
pam_is_there(void)
{
	struct pam_session s = {.library = NULL};
	struct library pam;
	int is_there = load(&s, &pam);

	unload(&s);
	return is_there;
}

/* What PAM is to be told by one message; *answer is NULL for nothing. */
static int
answer_one(struct pam_session *s, int style, char **answer)
{
	*answer = NULL;
	if (style == PAM_TEXT_INFO || style == PAM_ERROR_MSG)
		return PAM_SUCCESS;
	if (style != PAM_PROMPT_ECHO_OFF || s->is_asked ||
	    s->password == NULL) {
		s->is_odd = 1;
		return PAM_CONV_ERR;
	}
	s->is_asked = 1;
	*answer = strdup(s->password);
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
    struct pam_response **answers, void *s)
{
	struct pam_response *all;
	int status = PAM_SUCCESS;

	if (n <= 0 || n > PAM_MAX_NUM_MSG)
		return PAM_CONV_ERR;
	all = calloc((size_t)n, sizeof *all);
	if (all == NULL)
		return PAM_BUF_ERR;
	for (int i = 0; i < n && status == PAM_SUCCESS; i++)
		status = answer_one(s, messages[i]->msg_style, &all[i].resp);
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
set_items(
    const struct library *pam, pam_handle_t *h, const struct pam_question *q)
{
	int status = pam->set_item(h, PAM_TTY, q->service);

	if (status == PAM_SUCCESS)
		status = pam->set_item(h, PAM_RHOST, q->address);
#ifdef PAM_FAIL_DELAY
	if (status == PAM_SUCCESS) {
		void (*f)(int, unsigned, void *) = no_delay;
		const void *item;

		memcpy(&item, &f, sizeof item); /* ISO C has no such cast */
		status = pam->set_item(h, PAM_FAIL_DELAY, item);
	}
#endif
	return status;
}

/* PAM_USER may not be the name that was given. */
static int
take_user(
    const struct library *pam, pam_handle_t *h, char *account, size_t room)
{
	const void *name = NULL;
	int status = pam->get_item(h, PAM_USER, &name);

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

/* PAM, or a module, has failed. */
static enum trouble
fail(const struct library *pam, const struct pam_session *s, int status)
{
	log_line(LOG_ERR,
	    "PAM service %s: %s; look at /etc/pam.d/%s and at what its modules "
	    "log (in a container they may lack audit)%s",
	    s->service, pam->strerror(s->handle, status), s->service,
	    s->is_odd ? "; a module asked for more than the password" : "");
	return TEMP;
}

/* What a refusal, or a failure, means. */
static enum trouble
judge(const struct library *pam, const struct pam_session *s, int status)
{
	switch (status) {
	case PAM_AUTH_ERR:
	case PAM_USER_UNKNOWN:
	case PAM_MAXTRIES:
	case PAM_CRED_EXPIRED:
	case PAM_PERM_DENIED:
	case PAM_ACCT_EXPIRED:
	case PAM_AUTHTOK_EXPIRED:
	case PAM_NEW_AUTHTOK_REQD: /* it cannot be changed over POP3 */
		if (!pam_has_service(s->service))
			log_line(LOG_ERR,
			    "PAM has no service %s and asked \"other\" "
			    "instead: put a file into /etc/pam.d",
			    s->service);
		if (s->is_odd)
			log_line(LOG_ERR,
			    "PAM service %s: a module asked for more than the "
			    "password",
			    s->service);
		return PERM;
	default:
		return fail(pam, s, status);
	}
}

static enum trouble
end(const struct library *pam, struct pam_session *s, int status)
{
	enum trouble why = judge(pam, s, status);

	if (s->handle != NULL)
		pam->end(s->handle, status);
	s->handle = NULL;
	unload(s);
	return why;
}

enum trouble
pam_check(struct pam_session *s, const struct pam_question *q, char *account,
    size_t account_room)
{
	struct pam_conv conv = {.conv = converse, .appdata_ptr = s};
	const int flags = PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK;
	struct library pam;
	int status;

	must(s->handle == NULL);
	*s = (struct pam_session){
	    .service = q->service, .password = q->password};
	if (!load(s, &pam))
		return TEMP;
	status = pam.start(q->service, q->user, &conv, &s->handle);
	if (status == PAM_SUCCESS)
		status = set_items(&pam, s->handle, q);
	if (status == PAM_SUCCESS)
		status = pam.authenticate(s->handle, flags);
	if (status == PAM_SUCCESS)
		status = pam.acct_mgmt(s->handle, flags);
	if (status == PAM_SUCCESS)
		status = take_user(&pam, s->handle, account, account_room);
	s->password = NULL;
	return status == PAM_SUCCESS ? FINE : end(&pam, s, status);
}

enum trouble
pam_open(struct pam_session *s)
{
	struct library pam;
	int status;

	if (s->handle == NULL)
		return FINE;
	must(load(s, &pam)); /* it was, to judge */
	status = pam.setcred(s->handle, PAM_ESTABLISH_CRED | PAM_SILENT);
	s->has_credentials = status == PAM_SUCCESS;
	if (status == PAM_SUCCESS) {
		status = pam.open_session(s->handle, PAM_SILENT);
		s->is_open = status == PAM_SUCCESS;
	}
	return status == PAM_SUCCESS ? FINE : fail(&pam, s, status);
}

void
pam_close(struct pam_session *s)
{
	int status = PAM_SUCCESS;
	struct library pam;

	if (s->handle == NULL)
		return;
	must(load(s, &pam)); /* it was, to judge */
	if (s->is_open)
		status = pam.close_session(s->handle, PAM_SILENT);
	if (status != PAM_SUCCESS)
		fail(&pam, s, status);
	if (s->has_credentials)
		pam.setcred(s->handle, PAM_DELETE_CRED | PAM_SILENT);
	pam.end(s->handle, status);
	unload(s);
	*s = (struct pam_session){.handle = NULL};
}
