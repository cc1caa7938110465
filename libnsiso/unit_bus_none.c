/* Without libsystemd there is no bus to be had, and who asks for it is told so; see unit_bus.h. */
#ifndef NSISO_SYSTEMD
#include "unit_bus.h"

#include <errno.h>

#include "errmsg.h"

int unit_bus_open(int64_t deadline, struct unit_bus **ret, struct errmsg *e)
{
	(void)deadline, (void)ret;
	return errmsg_setx(e, -EOPNOTSUPP,
			   "built without libsystemd: use [cgroup] backend = cgroupfs");
}

void unit_bus_close(struct unit_bus *bus)
{
	(void)bus;
}

static int absent(struct errmsg *e)
{
	return errmsg_setx(e, -EOPNOTSUPP, "built without libsystemd");
}

int unit_bus_get(struct unit_bus *bus, const char *unit, struct unit_values *values,
		 struct errmsg *e)
{
	(void)bus, (void)unit, (void)values;
	return absent(e);
}

int unit_bus_set(struct unit_bus *bus, const char *unit, const struct unit_values *values,
		 struct errmsg *e)
{
	(void)bus, (void)unit, (void)values;
	return absent(e);
}

int unit_bus_start_scope(struct unit_bus *bus, const struct unit_scope *scope, struct errmsg *e)
{
	(void)bus, (void)scope;
	return absent(e);
}

int unit_bus_freeze(struct unit_bus *bus, const char *unit, struct errmsg *e)
{
	(void)bus, (void)unit;
	return absent(e);
}

int unit_bus_thaw(struct unit_bus *bus, const char *unit, struct errmsg *e)
{
	(void)bus, (void)unit;
	return absent(e);
}
#endif
