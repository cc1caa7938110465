/*
 * A change of the limits of a user's slice.  systemd keeps what is set at run time in drop-ins, which nothing
 * but "systemctl revert" removes, with those of the admin; so what is set here is written down first, with
 * the value from before, and taken back one by one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "errmsg.h"
#include "unit_own.h"

#define DROP_INS "/run/systemd/system.control"

int unit_file_read(const char *folder, const char *name, char *ret, size_t size)
{
	char path[2 * NSISO_PATH_MAX];
	AUTO_CLOSE int fd = -1;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, ret, size - 1);
	if (n < 0)
		return -errno;
	if (n && ret[n - 1] == '\n')
		n--;
	ret[n] = '\0';
	return 0;
}

int unit_file_write(const char *folder, const char *name, const char *text)
{
	char path[2 * NSISO_PATH_MAX];
	AUTO_CLOSE int fd = -1;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

int unit_change_open(struct unit_change *change, struct errmsg *e)
{
	return change->bus ? 0 : unit_bus_open(change->user->deadline, &change->bus, e);
}

static void drop_in_path(const struct unit_change *change, const struct unit_property *property,
			 char ret[2 * NSISO_PATH_MAX])
{
	(void)snprintf(ret, 2 * NSISO_PATH_MAX, DROP_INS "/%s.d/50-%s.conf", change->slice,
		       property->drop_in);
}

static bool is_in(const struct unit_values *values, const struct unit_property *property)
{
	return unit_values_find(values, property->name) != NULL;
}

static int own(struct unit_change *change, const struct unit_value *before, struct errmsg *e)
{
	const struct unit_property *property = before->property;
	char path[2 * NSISO_PATH_MAX];

	if (unit_values_set(&change->owned, property,
			    property->type == UNIT_FILE ? "0" : before->text) < 0)
		return errmsg_setx(e, -E2BIG, "%s of %s is too long to be kept", property->name,
				   change->slice);
	if (property->type == UNIT_FILE)
		return 0;
	drop_in_path(change, property, path);
	change->owned.value[change->owned.n - 1].foreign = faccessat(AT_FDCWD, path, F_OK, 0) == 0;
	return 0;
}

static int take_over(struct unit_change *change, struct errmsg *e)
{
	struct unit_values fresh = { .n = 0 };
	unsigned i;
	int r = 0;

	for (i = 0; i < change->wanted.n; i++)
		if (!is_in(&change->owned, change->wanted.value[i].property))
			(void)unit_values_set(&fresh, change->wanted.value[i].property, "");
	if (fresh.n == 0)
		return 0;
	r = unit_bus_get(change->bus, change->slice, &fresh, e);
	for (i = 0; i < fresh.n && r == 0; i++)
		r = own(change, &fresh.value[i], e);
	return r < 0 ? r : unit_state_write(change->user->dir, &change->owned, e);
}

/* One by one, when not all together can be set: an optional one must not be in the way of the others. */
static int set_each(const struct unit_change *change, const struct unit_values *values,
		    struct errmsg *e)
{
	struct unit_values one = { .n = 1 };
	unsigned i;
	int r = 0;

	for (i = 0; i < values->n && r == 0; i++) {
		one.value[0] = values->value[i];
		r = unit_bus_set(change->bus, change->slice, &one, e);
		if (r < 0 && values->value[i].optional)
			r = 0;
	}
	return r;
}

int unit_change_set(struct unit_change *change, struct errmsg *e)
{
	struct unit_values values = change->wanted;
	bool optional = false;
	unsigned i;
	int r = take_over(change, e);

	for (i = 0; i < change->owned.n && r == 0; i++)
		if (!is_in(&change->wanted, change->owned.value[i].property))
			r = unit_values_set(&values, change->owned.value[i].property,
					    change->owned.value[i].text);
	if (r < 0 || values.n == 0)
		return r;
	for (i = 0; i < values.n; i++)
		optional = optional || values.value[i].optional;
	r = unit_bus_set(change->bus, change->slice, &values, e);
	return r < 0 && optional && r != -ETIMEDOUT ? set_each(change, &values, e) : r;
}

int unit_change_write_files(const struct unit_change *change, struct errmsg *e)
{
	unsigned i;
	int r;

	for (i = 0; i < change->owned.n; i++) {
		const struct unit_property *property = change->owned.value[i].property;
		const struct unit_value *wanted = unit_values_find(&change->wanted, property->name);

		if (property->type != UNIT_FILE)
			continue;
		r = unit_file_write(change->folder, property->name,
				    wanted ? wanted->text : change->owned.value[i].text);
		/* Without a folder there is nobody to be limited, or to be let go. */
		if (r < 0 && (r != -ENOENT || wanted) && !(wanted && wanted->optional))
			return errmsg_set(e, r, "cannot set %s of %s", property->name,
					  change->slice);
	}
	return 0;
}

int unit_change_forget(struct unit_change *change, struct errmsg *e)
{
	char path[2 * NSISO_PATH_MAX];
	struct unit_values kept = { .n = 0 };
	unsigned i;

	for (i = 0; i < change->owned.n; i++) {
		const struct unit_value *value = &change->owned.value[i];

		if (is_in(&change->wanted, value->property)) {
			kept.value[kept.n++] = *value;
		} else if (value->property->type != UNIT_FILE && !value->foreign) {
			drop_in_path(change, value->property, path);
			if (unlink(path) < 0 && errno != ENOENT)
				return errmsg_set(e, -errno, "cannot remove %s", path);
		}
	}
	if (kept.n == change->owned.n)
		return 0;
	/* Not empty: the admin's, or what is still wanted. */
	(void)snprintf(path, sizeof(path), DROP_INS "/%s.d", change->slice);
	(void)rmdir(path);
	change->owned = kept;
	return unit_state_write(change->user->dir, &change->owned, e);
}

bool unit_change_is_known(const struct unit_change *change)
{
	unsigned i;

	for (i = 0; i < change->wanted.n; i++)
		if (!is_in(&change->owned, change->wanted.value[i].property))
			return false;
	return change->owned.n == change->wanted.n;
}
