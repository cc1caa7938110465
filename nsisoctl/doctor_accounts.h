/*
 * The accounts that the doctor looks at: those of /etc/passwd with which somebody can log in.  Users of
 * directory services are not enumerated.
 */
#ifndef NSISO_DOCTOR_ACCOUNTS_H
#define NSISO_DOCTOR_ACCOUNTS_H

#include <stdbool.h>
#include <sys/types.h>

#include "doctor.h"
#include "nsiso.h"

#define NSSHELL_PATH NSISO_BINDIR "/nsshell"
#define CONTROLLERS_MAX 8

struct doctor_account {
	char *name, *shell, *home;
	uid_t uid;
	gid_t gid;
	unsigned line;       /* in /etc/passwd */
	bool is_person;      /* somebody can log in with it */
	bool is_isolated;    /* the policy wants that */
	unsigned open_doors; /* see doctor_doors() */
};

struct doctor_users {
	struct doctor_account *accounts;
	size_t n;
	bool has_user_ns, has_nested; /* some policy that applies */
	/* cgroup controllers that limits of policies need, "memory", and whose policy that is. */
	char controllers[CONTROLLERS_MAX][16];
	const char *wants[CONTROLLERS_MAX];
	unsigned n_controllers;
};

/* Reads /etc/passwd; 0, or -errno. */
int accounts_read(const struct doctor *d, struct doctor_users *ret);
void accounts_free(struct doctor_users *users);
const struct doctor_account *account_find(const struct doctor_users *users, const char *name);
/* The account with that uid, or NULL. */
const struct doctor_account *account_find_uid(const struct doctor_users *users, uid_t uid);

/* One bit a group whose members are as good as root, and whose socket that policy does not hide. */
struct policy;
unsigned doctor_doors(const struct policy *policy);

/* The fields of a line of passwd(5) or group(5), cut off in place; how many there are, at most n. */
int fields_read(char *line, char **ret, int n);
/* A whole number up to UINT32_MAX; false: something else. */
bool number_read(const char *text, unsigned long *ret);

#endif
