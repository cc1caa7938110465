/* The host's systemd over D-Bus; see unit_bus.h. */
#include "unit_bus.h"

#include <errno.h>
#include <time.h>

#include "errmsg.h"
#include "wire.h"

#define TRY_PAUSE 20000000 /* ns between two tries */

static void take_a_break(void)
{
	const struct timespec pause = { .tv_nsec = TRY_PAUSE };

	(void)nanosleep(&pause, NULL);
}

bool unit_bus_try_again(int r, int64_t deadline)
{
	if ((!unit_bus_is_lost(r) && r != -EDEADLK) || wire_now() >= deadline)
		return false;
	take_a_break();
	return true;
}

#ifdef NSISO_SYSTEMD
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "unit_bus_own.h"

#define DESTINATION "org.freedesktop.systemd1"
#define PRIVATE_SOCKET "unix:path=/run/systemd/private"
#define SYSTEM_SOCKET "unix:path=/run/dbus/system_bus_socket"

static int load(struct unit_bus *bus, struct errmsg *e)
{
	bus->library = dlopen(NSISO_SYSTEMD, RTLD_NOW | RTLD_LOCAL);
	if (!bus->library) {
		(void)errmsg_setx(e, -EOPNOTSUPP,
				  "cannot load %s, which [cgroup] backend = systemd needs",
				  NSISO_SYSTEMD);
		return -EOPNOTSUPP;
	}
#define LOAD(name)                                                                           \
	*(void **)&bus->sd.name = dlsym(bus->library, "sd_bus_" #name);                      \
	if (!bus->sd.name) {                                                                 \
		(void)errmsg_setx(e, -EOPNOTSUPP, "%s has no sd_bus_" #name, NSISO_SYSTEMD); \
		return -EOPNOTSUPP;                                                          \
	}
	FUNCTIONS(LOAD)
#undef LOAD
	return 0;
}

uint64_t unit_bus_time_left(const struct unit_bus *bus)
{
	int64_t left = bus->deadline - wire_now();

	return left < 1 ? 1 : (uint64_t)left * 1000;
}

/* The private socket speaks D-Bus without a bus behind it: no name to ask for. */
static int connect_to(struct unit_bus *bus, const char *address, bool has_bus)
{
	int r = bus->sd.new(&bus->bus);

	if (r < 0)
		return r;
	r = bus->sd.set_address(bus->bus, address);
	if (r >= 0)
		r = bus->sd.set_bus_client(bus->bus, has_bus);
	if (r >= 0)
		r = bus->sd.start(bus->bus);
	if (r < 0)
		bus->bus = bus->sd.flush_close_unref(bus->bus);
	return r;
}

/* After it has executed itself anew it removes its socket and makes another one. */
static int start(struct unit_bus *bus)
{
	int r = connect_to(bus, PRIVATE_SOCKET, false);

	if (r == -ENOENT) {
		take_a_break();
		r = connect_to(bus, PRIVATE_SOCKET, false);
	}
	return r == -ENOENT ? connect_to(bus, SYSTEM_SOCKET, true) : r;
}

int unit_bus_open(int64_t deadline, struct unit_bus **ret, struct errmsg *e)
{
	struct unit_bus *bus = calloc(1, sizeof(*bus));
	int r;

	if (!bus)
		return errmsg_setx(e, -ENOMEM, "out of memory");
	bus->deadline = deadline;
	r = load(bus, e);
	if (r == 0) {
		/* While it re-executes itself nobody listens. */
		while ((r = start(bus)) < 0 && wire_now() < deadline)
			take_a_break();
		if (r < 0)
			(void)errmsg_set(e, r, "cannot connect to systemd");
	}
	if (r < 0) {
		unit_bus_close(bus);
		return e->code;
	}
	*ret = bus;
	return 0;
}

void unit_bus_close(struct unit_bus *bus)
{
	if (!bus)
		return;
	if (bus->bus)
		(void)bus->sd.flush_close_unref(bus->bus);
	if (bus->library)
		(void)dlclose(bus->library);
	free(bus);
}

int unit_bus_new_call(struct unit_bus *bus, sd_bus_message **ret, const char *path,
		      const char *interface, const char *member)
{
	return bus->sd.message_new_method_call(bus->bus, ret, DESTINATION, path, interface, member);
}

int unit_bus_call(struct unit_bus *bus, sd_bus_message *message, const char *what, const char *unit,
		  struct errmsg *e)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = bus->sd.call(bus->bus, message, unit_bus_time_left(bus), &error, NULL);

	bus->sd.message_unref(message);
	if (r < 0)
		r = errmsg_setx(e, r, "cannot %s %s: %s", what, unit,
				error.message ? error.message : strerror(-r));
	bus->sd.error_free(&error);
	return r < 0 ? r : 0;
}

/* One call of a manager's method that takes the name of the unit alone. */
static int call_unit(struct unit_bus *bus, const char *method, const char *what, const char *unit,
		     struct errmsg *e)
{
	sd_bus_message *message = NULL;
	int r = unit_bus_new_call(bus, &message, MANAGER_PATH, MANAGER, method);

	if (r >= 0)
		r = bus->sd.message_append(message, "s", unit);
	if (r < 0) {
		bus->sd.message_unref(message);
		return errmsg_set(e, r, "cannot %s %s", what, unit);
	}
	return unit_bus_call(bus, message, what, unit, e);
}

int unit_bus_freeze(struct unit_bus *bus, const char *unit, struct errmsg *e)
{
	return call_unit(bus, "FreezeUnit", "freeze", unit, e);
}

int unit_bus_thaw(struct unit_bus *bus, const char *unit, struct errmsg *e)
{
	return call_unit(bus, "ThawUnit", "thaw", unit, e);
}
#endif

void unit_bus_cleanup(struct unit_bus **bus)
{
	unit_bus_close(*bus);
}
