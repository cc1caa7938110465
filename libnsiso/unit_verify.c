/*
 * Limits as the kernel has them: systemd answers for what it was told, also where no controller of the host can
 * do it, and processors that the host has not got are taken and ignored.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cgroup_files.h"
#include "errmsg.h"
#include "idset.h"
#include "unit_own.h"

#define FILE_MAX 8192 /* bytes of a file of limits */

/* The line of the device that the path means, and what is wanted for its number. */
static bool is_device_limited(const char *have, const char *want)
{
	const char *rates = strchr(want, ' '), *line = have;
	char path[NSISO_PATH_MAX], device[32], wanted[UNIT_TEXT_MAX], found[UNIT_TEXT_MAX] = "";
	struct errmsg ignored;
	size_t len;

	if (!rates || (size_t)(rates - want) >= sizeof(path))
		return false;
	(void)snprintf(path, sizeof(path), "%.*s", (int)(rates - want), want);
	if (cgroup_device(path, device, sizeof(device), &ignored) < 0)
		return false;
	len = strlen(device);
	(void)snprintf(wanted, sizeof(wanted), "%s%s", device, rates);
	for (; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (strncmp(line, device, len) == 0 && line[len] == ' ')
			(void)snprintf(found, sizeof(found), "%.*s", (int)strcspn(line, "\n"),
				       line);
	return unit_limit_is("io.max", found, wanted);
}

/* What is in force may be less than what was set, but nothing else. */
static bool is_effective(const char *folder, const char *name, const char *want)
{
	char file[64], have[FILE_MAX];
	struct idset wanted, effective;

	(void)snprintf(file, sizeof(file), "%s.effective", name);
	return *want == '\0' ||
	       (unit_file_read(folder, file, have, sizeof(have)) == 0 &&
		idset_read(want, &wanted) == 0 && idset_read(have, &effective) == 0 &&
		idset_is_within(&effective, &wanted));
}

/* Of the kernel's two schedulers with weights bfq has a file and a range of its own. */
static bool is_weighted(const char *folder, const char *want, char *have, size_t size)
{
	char weight[32];

	if (unit_file_read(folder, "io.bfq.weight", have, size) < 0)
		return false;
	have[strcspn(have, "\n")] = '\0';
	cgroup_bfq_weight(want, weight, sizeof(weight));
	return unit_limit_is("io.weight", have, weight);
}

/* have becomes what is there in its place; empty: nothing. */
static bool holds(const char *folder, const struct unit_limit *limit, char have[FILE_MAX])
{
	have[0] = '\0';
	if (unit_file_read(folder, limit->name, have, FILE_MAX) < 0)
		return strcmp(limit->name, "io.weight") == 0 &&
		       is_weighted(folder, limit->text, have, FILE_MAX);
	if (strcmp(limit->name, "io.max") == 0)
		return is_device_limited(have, limit->text);
	if (strcmp(limit->name, "io.weight") == 0)
		have[strcspn(have, "\n")] = '\0';
	return unit_limit_is(limit->name, have, limit->text) &&
	       (strncmp(limit->name, "cpuset.", strlen("cpuset.")) != 0 ||
		is_effective(folder, limit->name, limit->text));
}

bool unit_limits_hold(const char *folder, const struct unit_limit *limits, unsigned n, bool session)
{
	char have[FILE_MAX];
	unsigned i;

	for (i = 0; i < n; i++)
		if (limits[i].session == session && !holds(folder, &limits[i], have))
			return false;
	return true;
}

int unit_limits_verify(const struct unit_user *user, const char *folder,
		       const struct unit_limit *limits, unsigned n, bool session, struct errmsg *e)
{
	char have[FILE_MAX];
	unsigned i;

	for (i = 0; i < n; i++) {
		if (limits[i].session != session || holds(folder, &limits[i], have))
			continue;
		have[strcspn(have, "\n")] = '\0';
		(void)errmsg_setx(e, -EIO, "cannot set %s to %s: %s%s", limits[i].name,
				  limits[i].text, have[0] ? "it is " : "the host has no such limit",
				  have);
		if (!limits[i].optional)
			return e->code;
		if (user->warn)
			user->warn(user->ctx, e->text);
	}
	return 0;
}
