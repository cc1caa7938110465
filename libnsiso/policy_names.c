/*
 * The names of the policy files in a directory, in the order in which they apply.
 */
#include "policy_names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "errmsg.h"
#include "policy.h"

static void dir_close(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

static int name_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_policy(const char *name)
{
	size_t len = strlen(name);

	return *name != '.' && len > 5 && strcmp(name + len - 5, ".conf") == 0;
}

/* Behind the last one. */
static int name_append(struct policy_names *names, const char *name, struct errmsg *e)
{
	if (names->count == names->room) {
		size_t room = names->room ? 2 * names->room : 64;
		char **grown = reallocarray(names->names, room, sizeof(*grown));

		if (!grown)
			return errmsg_set(e, -ENOMEM, "cannot read the directory");
		names->names = grown;
		names->room = room;
	}
	names->names[names->count] = strdup(name);
	if (!names->names[names->count])
		return errmsg_set(e, -ENOMEM, "cannot read the directory");
	names->count++;
	return 0;
}

static int names_collect(DIR *stream, size_t max, struct policy_names *names, struct errmsg *e)
{
	for (;;) {
		const struct dirent *entry;

		errno = 0;
		entry = readdir(stream);
		if (!entry && errno != 0)
			return errmsg_set(e, -errno, "cannot read the directory");
		if (!entry)
			return 0;
		if (!is_policy(entry->d_name))
			continue;
		if (names->count == max)
			return errmsg_setx(e, -E2BIG, "has more than %zu files", max);
		if (name_append(names, entry->d_name, e) < 0)
			return e->code;
	}
}

int policy_names_read(int dir, size_t max, struct policy_names *ret, struct errmsg *e)
{
	/* A descriptor of its own: reading moves the offset, and closedir() closes it. */
	AUTO_CLOSE int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	__attribute__((cleanup(dir_close))) DIR *stream = NULL;
	struct policy_names names = { 0 };

	if (fd < 0)
		return errmsg_set(e, -errno, "cannot open the directory");
	stream = fdopendir(fd);
	if (!stream)
		return errmsg_set(e, -errno, "cannot open the directory");
	(void)take_fd(&fd);
	if (names_collect(stream, max, &names, e) < 0) {
		policy_names_done(&names);
		return e->code;
	}
	if (names.count > 1)
		qsort(names.names, names.count, sizeof(*names.names), name_compare);
	*ret = names;
	return 0;
}

int policy_names_add(struct policy_names *names, const char *name, struct errmsg *e)
{
	if (names->count > 0 &&
	    bsearch(&name, names->names, names->count, sizeof(*names->names), name_compare))
		return 0;
	if (name_append(names, name, e) < 0)
		return e->code;
	qsort(names->names, names->count, sizeof(*names->names), name_compare);
	return 0;
}

void policy_names_done(struct policy_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->names[i]);
	free(names->names);
	names->names = NULL;
	names->count = names->room = 0;
}

bool policy_name_is_safe(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789._-");

	return name[len] == '\0' && len > 0 &&
	       len + strlen("conf.d/") < sizeof(((struct policy *)NULL)->files[0]);
}
