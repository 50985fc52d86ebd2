/*
 * judge.c - what no login can be cheaper than
 *
 * judge pam         one process, which asks PAM and serves an empty maildrop
 * judge three HASH  three, as pop3d has them, the two that see the client in a
 *                   jail; they do nothing, but that one judges by crypt()
 *
 * Servers that lack everything else: no mailbox, no lock, no log, no limits, no
 * check of what is read. Any USER, any commands; PASS is what is judged.
 */
#include <crypt.h>
#include <dlfcn.h>
#include <err.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534
#define LINE   512

static const char *password; /* PAM's callback has it from here */

static void
say(const char *text)
{
	if (write(1, text, strlen(text)) == -1)
		_exit(1);
}

/* Reads one line; clients of the bench send no more at once. */
static int
hear(char *line)
{
	ssize_t n = read(0, line, LINE - 1);

	if (n <= 0)
		return 0;
	line[n] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	return 1;
}

/* The login's part: USER's argument, and PASS's. */
static void
meet(char *user, char *pass)
{
	char line[LINE];

	say("+OK\r\n");
	while (hear(line)) {
		if (strncmp(line, "USER ", 5) == 0)
			snprintf(user, LINE, "%s", line + 5);
		if (strncmp(line, "PASS ", 5) == 0) {
			snprintf(pass, LINE, "%s", line + 5);
			return;
		}
		say("+OK\r\n");
	}
	_exit(1);
}

static _Noreturn void
serve(void)
{
	char line[LINE];

	say("+OK 0 messages\r\n");
	while (hear(line)) {
		say("+OK 0 0\r\n");
		if (strncmp(line, "QUIT", 4) == 0)
			break;
	}
	_exit(0);
}

static int
answer(int count, const struct pam_message **asked,
    struct pam_response **answers, void *arg)
{
	(void)asked;
	(void)arg;
	*answers = calloc((size_t)count, sizeof **answers);
	for (int i = 0; i < count; i++)
		(*answers)[i].resp = strdup(password);
	return PAM_SUCCESS;
}

/* Loaded as pop3d does: who links with it pays for it at each start. */
static int
ask_pam(const char *user)
{
	void *lib = dlopen("libpam.so.0", RTLD_NOW);
	__typeof__(pam_start) *start;
	__typeof__(pam_authenticate) *authenticate;
	__typeof__(pam_acct_mgmt) *account;
	__typeof__(pam_end) *end;
	struct pam_conv conv = {answer, NULL};
	pam_handle_t *h;
	int is_right;

	if (lib == NULL)
		errx(1, "%s", dlerror());
	*(void **)&start = dlsym(lib, "pam_start");
	*(void **)&authenticate = dlsym(lib, "pam_authenticate");
	*(void **)&account = dlsym(lib, "pam_acct_mgmt");
	*(void **)&end = dlsym(lib, "pam_end");
	if (start("pop3d", user, &conv, &h) != PAM_SUCCESS)
		return 0;
	is_right =
	    authenticate(h, 0) == PAM_SUCCESS && account(h, 0) == PAM_SUCCESS;
	end(h, PAM_SUCCESS);
	return is_right;
}

static void
enter_jail(void)
{
	static const struct sock_filter all = {
	    BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
	const struct sock_fprog filter = {1, (struct sock_filter *)&all};
	const struct landlock_ruleset_attr files = {
	    .handled_access_fs = LANDLOCK_ACCESS_FS_READ_FILE};
	long rules =
	    syscall(SYS_landlock_create_ruleset, &files, sizeof files, 0);

	if (chdir("/proc") == -1 || chroot(".") == -1 ||
	    setgroups(0, NULL) == -1 || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY) == -1 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		err(1, "cannot enter a jail");
	syscall(SYS_landlock_restrict_self, rules, 0);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == -1)
		err(1, "cannot load a filter");
}

static void
run_login(int monitor)
{
	char user[LINE], pass[LINE];

	enter_jail();
	meet(user, pass);
	if (write(monitor, pass, strlen(pass) + 1) == -1)
		_exit(1);
	_exit(0);
}

static void
run_session(int monitor)
{
	char grant[LINE];

	if (read(monitor, grant, sizeof grant) <= 0)
		_exit(1);
	enter_jail();
	serve();
}

/* Returns our end of the channel to a child. */
static int
start(void (*run)(int))
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == -1)
		err(1, "no socket");
	switch (fork()) {
	case -1:
		err(1, "no process");
	case 0:
		close(ends[0]);
		run(ends[1]);
	}
	close(ends[1]);
	return ends[0];
}

static int
three(const char *hash)
{
	int login = start(run_login), session = start(run_session);
	char pass[LINE] = "";
	const char *is;

	close(0);
	close(1);
	if (read(login, pass, sizeof pass) <= 0)
		return 1;
	is = crypt(pass, hash);
	if (is == NULL || strcmp(is, hash) != 0 || write(session, "", 1) != 1)
		return 1;
	while (wait(NULL) > 0)
		continue;
	return 0;
}

int
main(int argc, char **argv)
{
	char user[LINE] = "", pass[LINE] = "";

	if (argc == 3 && strcmp(argv[1], "three") == 0)
		return three(argv[2]);
	if (argc != 2 || strcmp(argv[1], "pam") != 0)
		errx(2, "judge pam | judge three HASH");
	meet(user, pass);
	password = pass;
	if (!ask_pam(user))
		return 1;
	serve();
}
