/* The record of an instance; see instance.h. */
#include "instance.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "errmsg.h"

#define RECORD_MAX 8192 /* bytes of a record; it has two dozen lines */

static void read_text(char *ret, size_t size, const char *value)
{
	(void)snprintf(ret, size, "%s", value);
}

static void read_process(struct process *ret, const char *value)
{
	char *end;

	ret->pid = (pid_t)strtol(value, &end, 10);
	ret->start = strtoull(end, NULL, 10);
}

static void read_cgroup(struct instance_record *ret, const char *value)
{
	struct instance_cgroup *cgroup = &ret->cgroup[ret->n_cgroups];

	if (ret->n_cgroups == INSTANCE_CGROUPS_MAX || strlen(value) < 4)
		return;
	cgroup->v2 = strncmp(value, "v2 ", 3) == 0;
	read_text(cgroup->path, sizeof(cgroup->path), value + 3);
	ret->n_cgroups++;
}

static void read_account(struct instance_record *ret, const char *value)
{
	struct instance_account *account = &ret->account[ret->n_accounts];

	if (ret->n_accounts == INSTANCE_CGROUPS_MAX || strlen(value) < 4)
		return;
	account->v2 = strncmp(value, "v2 ", 3) == 0;
	read_text(account->path, sizeof(account->path), value + 3);
	ret->n_accounts++;
}

static void read_line(struct instance_record *ret, const char *key, const char *value)
{
	if (strcmp(key, "user") == 0)
		read_text(ret->user, sizeof(ret->user), value);
	else if (strcmp(key, "uid") == 0)
		ret->uid = (uid_t)strtoul(value, NULL, 10);
	else if (strcmp(key, "id") == 0)
		read_text(ret->id, sizeof(ret->id), value);
	else if (strcmp(key, "service") == 0)
		read_text(ret->service, sizeof(ret->service), value);
	else if (strcmp(key, "scope") == 0)
		ret->shared = strcmp(value, "user") == 0;
	else if (strcmp(key, "supervisor") == 0)
		read_process(&ret->supervisor, value);
	else if (strcmp(key, "init") == 0)
		read_process(&ret->init, value);
	else if (strcmp(key, "end") == 0)
		ret->ending = true;
	else if (strcmp(key, "boot") == 0)
		read_text(ret->boot, sizeof(ret->boot), value);
	else if (strcmp(key, "policy") == 0)
		read_text(ret->policy, sizeof(ret->policy), value);
	else if (strcmp(key, "created") == 0)
		ret->created = strtoull(value, NULL, 10);
	else if (strcmp(key, "cgroup") == 0)
		read_cgroup(ret, value);
	else if (strcmp(key, "account") == 0)
		read_account(ret, value);
	else if (strcmp(key, "origin") == 0 && ret->n_cgroups)
		read_text(ret->cgroup[ret->n_cgroups - 1].origin, sizeof(ret->cgroup[0].origin),
			  value);
}

int instance_read_from(int record, struct instance_record *ret, struct errmsg *e)
{
	char text[RECORD_MAX], *line, *end, *value;
	ssize_t n;

	memset(ret, 0, sizeof(*ret));
	ret->uid = (uid_t)-1;
	n = pread(record, text, sizeof(text) - 1, 0);
	if (n < 0)
		return errmsg_set(e, -errno, "cannot read the record");
	text[n] = '\0';
	for (line = text; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		value = strchr(line, '=');
		if (!value)
			continue;
		*value = '\0';
		read_line(ret, line, value + 1);
	}
	return 0;
}

int instance_read(int dir, struct instance_record *ret, struct errmsg *e)
{
	AUTO_CLOSE int fd = openat(dir, "record", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0) {
		memset(ret, 0, sizeof(*ret));
		ret->uid = (uid_t)-1;
		return errmsg_set(e, -errno, "cannot open the record");
	}
	return instance_read_from(fd, ret, e);
}

int instance_append(int record, struct errmsg *e, const char *fmt, ...)
{
	char line[4 * NSISO_PATH_MAX + 512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line))
		return errmsg_setx(e, -ENAMETOOLONG, "a line of the record is too long");
	if (write(record, line, (size_t)n) != n)
		return errmsg_set(e, errno ? -errno : -ENOSPC, "cannot write the record");
	return 0;
}
