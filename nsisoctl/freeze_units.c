/*
 * A user's processes are in the units below the user's slice.  These are frozen one by one and not the slice: in
 * a frozen slice systemd could not run what a new login has it start (user@.service), and the login would hang
 * in pam_systemd, on the way to where it is refused.
 */
#include "freeze_units.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "errmsg.h"
#include "unit.h"
#include "wire.h"

static int change_one(struct unit_bus *bus, const char *unit, bool freeze, struct errmsg *e)
{
	return freeze ? unit_bus_freeze(bus, unit, e) : unit_bus_thaw(bus, unit, e);
}

static bool is_unit(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return entry->d_type == DT_DIR && dot &&
	       (strcmp(dot, ".scope") == 0 || strcmp(dot, ".service") == 0 ||
		strcmp(dot, ".slice") == 0);
}

/* A unit that is gone, or about to be (EHOSTDOWN: it is not active), is nobody's loss. */
static int change_units(struct unit_bus *bus, DIR *slice, bool freeze, struct errmsg *e)
{
	struct dirent *entry;
	int r = 0;

	while (r == 0 && (entry = readdir(slice))) {
		if (!is_unit(entry))
			continue;
		r = change_one(bus, entry->d_name, freeze, e);
		if (r == -EHOSTDOWN || r == -ENOENT)
			r = 0;
	}
	return r;
}

static bool is_frozen(const char *folder)
{
	char path[NSISO_PATH_MAX + 32];
	FILE *file;
	int c;

	(void)snprintf(path, sizeof(path), "%s/cgroup.freeze", folder);
	file = fopen(path, "re");
	c = file ? fgetc(file) : EOF;
	if (file)
		(void)fclose(file);
	return c == '1';
}

/* The slice itself by an earlier release, or by systemctl: then nothing below it runs, either. */
static int change_slice(uid_t uid, bool freeze, int64_t deadline, struct errmsg *e)
{
	AUTO_BUS struct unit_bus *bus = NULL;
	char name[NSISO_PATH_MAX], folder[NSISO_PATH_MAX];
	DIR *slice = opendir(unit_slice_folder(uid, folder));
	int r;

	if (!slice)
		return errno == ENOENT ? 0 : errmsg_set(e, -errno, "cannot open %s", folder);
	r = unit_bus_open(deadline, &bus, e);
	if (r == 0 && !freeze && is_frozen(folder))
		r = unit_bus_thaw(bus, unit_slice(uid, name), e);
	if (r == 0)
		r = change_units(bus, slice, freeze, e);
	(void)closedir(slice);
	return r;
}

int freeze_units(uid_t uid, bool freeze, struct errmsg *e)
{
	const int64_t deadline = wire_now() + UNIT_BUS_PATIENCE;
	int r;

	do
		r = change_slice(uid, freeze, deadline, e);
	while (unit_bus_try_again(r, deadline));
	return r;
}
