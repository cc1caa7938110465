/* Reads the accounts of a host from its files; see doctor_accounts.h. */
#include "doctor_accounts.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

#define UID_PERSON 1000 /* UID_MIN of login.defs(5) nearly everywhere; below are services */
#define UID_NOBODY 65534

int fields_read(char *line, char **ret, int n)
{
	int count = 0;

	for (char *at = line; at && count < n; count++)
		ret[count] = strsep(&at, ":");
	return count;
}

bool number_read(const char *text, unsigned long *ret)
{
	char *end = NULL;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*ret = strtoul(text, &end, 10);
	return errno == 0 && *end == '\0' && *ret <= UINT32_MAX;
}

/* What is given to accounts with which nobody is to log in. */
static bool is_login_shell(const char *shell)
{
	static const char *const none[] = { "nologin", "false",    "true",     "sync",
					    "halt",    "shutdown", "git-shell" };
	const char *slash = strrchr(shell, '/');

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		if (strcmp(slash ? slash + 1 : shell, none[i]) == 0)
			return false;
	return true;
}

static int account_add(struct doctor_users *users, char *line, unsigned number)
{
	struct doctor_account *all, *new;
	char *field[7];
	unsigned long uid, gid;

	/* Comments and the marks of NIS (+user) are none. */
	if (fields_read(line, field, 7) != 7 || !number_read(field[2], &uid) ||
	    !number_read(field[3], &gid))
		return 0;
	all = users->accounts;
	if ((users->n & (users->n - 1)) == 0) {
		all = reallocarray(all, users->n ? 2 * users->n : 1, sizeof(*all));
		if (!all)
			return -ENOMEM;
		users->accounts = all;
	}
	new = &all[users->n++];
	*new = (struct doctor_account){
		.name = strdup(field[0]),
		.shell = strdup(field[6]),
		.home = strdup(field[5]),
		.uid = (uid_t)uid,
		.gid = (gid_t)gid,
		.line = number,
	};
	if (!new->name || !new->shell || !new->home)
		return -ENOMEM;
	new->is_person = (uid >= UID_PERSON && uid != UID_NOBODY && is_login_shell(new->shell)) ||
			 (uid != 0 && strcmp(new->shell, NSSHELL_PATH) == 0);
	return 0;
}

int accounts_read(const struct doctor *d, struct doctor_users *ret)
{
	AUTO_FREE char *text = doctor_read(d, "/etc/passwd");
	struct doctor_text lines = { .at = text };
	char *line;
	int r = 0;

	if (!text)
		return -errno;
	while (r == 0 && (line = doctor_line(&lines, false)))
		r = account_add(ret, line, lines.line);
	return r;
}

void accounts_free(struct doctor_users *users)
{
	for (size_t i = 0; i < users->n; i++) {
		free(users->accounts[i].name);
		free(users->accounts[i].shell);
		free(users->accounts[i].home);
	}
	free(users->accounts);
}

const struct doctor_account *account_find(const struct doctor_users *users, const char *name)
{
	for (size_t i = 0; i < users->n; i++)
		if (strcmp(users->accounts[i].name, name) == 0)
			return &users->accounts[i];
	return NULL;
}

const struct doctor_account *account_find_uid(const struct doctor_users *users, uid_t uid)
{
	for (size_t i = 0; i < users->n; i++)
		if (users->accounts[i].uid == uid)
			return &users->accounts[i];
	return NULL;
}
