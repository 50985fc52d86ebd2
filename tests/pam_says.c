/*
 * pam_says.c - a PAM module that does as its arguments say
 *
 * PHASE=ACTION, the phases being auth, acct, cred, delete, open and close; the
 * actions of a phase are taken in their order:
 *
 *   ask, echo, binary   prompts for something; a refusal is what is returned
 *   odd                 as echo, whatever is answered
 *   tell                has two texts for the user
 *   both                asks for the password and for a colour, and has a text,
 *                       at once
 *   none, many          has nothing at all, or too many texts, at once
 *   is=TEXT             goes on if that was answered last, else PAM_AUTH_ERR
 *   user=NAME           PAM_USER is that from now on
 *   note=FILE           the phase's name is added to the file
 *   abort, exit, loop   the process ends, or works for ever
 *   NUMBER              returned at once
 */
#include <security/pam_appl.h>
#include <security/pam_modules.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct talk {
	pam_handle_t *h;
	const char *phase;
	char answer[512];
};

static int
say(struct talk *t, int style, const char *text)
{
	struct pam_message message = {.msg_style = style, .msg = text};
	const struct pam_message *all = &message;
	struct pam_response *answers = NULL;
	const struct pam_conv *conv;
	const void *item = NULL;
	int status = pam_get_item(t->h, PAM_CONV, &item);

	conv = item;
	if (status == PAM_SUCCESS)
		status = conv->conv(1, &all, &answers, conv->appdata_ptr);
	if (status == PAM_SUCCESS && answers != NULL && answers->resp != NULL) {
		snprintf(t->answer, sizeof t->answer, "%s", answers->resp);
		explicit_bzero(answers->resp, strlen(answers->resp));
		free(answers->resp);
	}
	free(answers);
	return status;
}

/* So many of those at once: a question for the password and for a colour, and
 * texts. */
static int
say_at_once(struct talk *t, int first, int count)
{
	static const struct pam_message secret = {
	    PAM_PROMPT_ECHO_OFF, "Password: "};
	static const struct pam_message open = {PAM_PROMPT_ECHO_ON, "Colour: "};
	static const struct pam_message text = {PAM_TEXT_INFO, "a text"};
	const struct pam_message *all[PAM_MAX_NUM_MSG + 3] = {&secret, &open};
	struct pam_response *answers = NULL;
	const struct pam_conv *conv;
	const void *item = NULL;

	for (int i = 2; i < PAM_MAX_NUM_MSG + 3; i++)
		all[i] = &text;
	if (pam_get_item(t->h, PAM_CONV, &item) != PAM_SUCCESS)
		return PAM_SYSTEM_ERR;
	conv = item;
	return conv->conv(count, all + first, &answers, conv->appdata_ptr);
}

static int
note(const struct talk *t, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	int noted;

	if (fd == -1)
		return PAM_SYSTEM_ERR;
	noted = dprintf(fd, "%s\n", t->phase) > 0;
	close(fd);
	return noted ? PAM_SUCCESS : PAM_SYSTEM_ERR;
}

static int
tell(struct talk *t)
{
	int status = say(t, PAM_TEXT_INFO, "a text for you");

	return status != PAM_SUCCESS
	    ? status
	    : say(t, PAM_ERROR_MSG, "an error for you");
}

static const char *
value_of(const char *action, const char *name)
{
	size_t len = strlen(name);

	return strncmp(action, name, len) == 0 ? action + len : NULL;
}

static int
act(struct talk *t, const char *action)
{
	const char *value;

	if (strcmp(action, "ask") == 0)
		return say(t, PAM_PROMPT_ECHO_OFF, "Password: ");
	if (strcmp(action, "echo") == 0)
		return say(t, PAM_PROMPT_ECHO_ON, "Colour: ");
	if (strcmp(action, "odd") == 0) {
		say(t, PAM_PROMPT_ECHO_ON, "Colour: ");
		return PAM_SUCCESS;
	}
	if (strcmp(action, "binary") == 0)
		return say(t, PAM_BINARY_PROMPT, "\0\0\0\006\0");
	if (strcmp(action, "tell") == 0)
		return tell(t);
	if (strcmp(action, "both") == 0)
		return say_at_once(t, 0, 3);
	if (strcmp(action, "none") == 0)
		return say_at_once(t, 2, 0);
	if (strcmp(action, "many") == 0)
		return say_at_once(t, 2, PAM_MAX_NUM_MSG + 1);
	if (strcmp(action, "abort") == 0)
		abort();
	if (strcmp(action, "exit") == 0)
		exit(0);
	while (strcmp(action, "loop") == 0)
		continue;
	if ((value = value_of(action, "is=")) != NULL)
		return strcmp(value, t->answer) == 0 ? PAM_SUCCESS
						     : PAM_AUTH_ERR;
	if ((value = value_of(action, "user=")) != NULL)
		return pam_set_item(t->h, PAM_USER, value);
	if ((value = value_of(action, "note=")) != NULL)
		return note(t, value);
	return (int)strtol(action, NULL, 10);
}

static int
play(pam_handle_t *h, const char *phase, int argc, const char **argv)
{
	struct talk t = {.h = h, .phase = phase};
	int status = PAM_SUCCESS;

	for (int i = 0; i < argc && status == PAM_SUCCESS; i++) {
		const char *action = value_of(argv[i], phase);

		if (action != NULL && *action == '=')
			status = act(&t, action + 1);
	}
	explicit_bzero(&t, sizeof t);
	return status;
}

int
pam_sm_authenticate(pam_handle_t *h, int flags, int argc, const char **argv)
{
	(void)flags;
	return play(h, "auth", argc, argv);
}

int
pam_sm_setcred(pam_handle_t *h, int flags, int argc, const char **argv)
{
	int is_end = (flags & (int)PAM_DELETE_CRED) != 0;

	return play(h, is_end ? "delete" : "cred", argc, argv);
}

int
pam_sm_acct_mgmt(pam_handle_t *h, int flags, int argc, const char **argv)
{
	(void)flags;
	return play(h, "acct", argc, argv);
}

int
pam_sm_open_session(pam_handle_t *h, int flags, int argc, const char **argv)
{
	(void)flags;
	return play(h, "open", argc, argv);
}

int
pam_sm_close_session(pam_handle_t *h, int flags, int argc, const char **argv)
{
	(void)flags;
	return play(h, "close", argc, argv);
}
