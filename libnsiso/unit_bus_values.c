/* Properties of units, read and set; see unit_bus.h. */
#ifdef NSISO_SYSTEMD
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "errmsg.h"
#include "unit_bus_own.h"
#include "wire.h"

#define MASK_BYTES (UNIT_TEXT_MAX / 2)

static int append_devices(const struct unit_bus *bus, sd_bus_message *m, const char *text)
{
	char copy[UNIT_TEXT_MAX], *rest = copy, *item;
	int r = bus->sd.message_open_container(m, 'a', "(st)");

	(void)snprintf(copy, sizeof(copy), "%s", text);
	while (r >= 0 && (item = strsep(&rest, ","))) {
		char *number = strchr(item, ' ');

		if (!number)
			continue;
		*number++ = '\0';
		r = bus->sd.message_append(m, "(st)", item, (uint64_t)strtoull(number, NULL, 10));
	}
	return r < 0 ? r : bus->sd.message_close_container(m);
}

static int append_variant(const struct unit_bus *bus, sd_bus_message *m, enum unit_type type,
			  const char *text)
{
	static const char *const types[] = { "t", "ay", "a(st)" };
	uint8_t mask[MASK_BYTES];
	int n, r = bus->sd.message_open_container(m, 'v', types[type]);

	if (r < 0)
		return r;
	if (type == UNIT_NUMBER) {
		r = bus->sd.message_append(m, "t", (uint64_t)strtoull(text, NULL, 10));
	} else if (type == UNIT_MASK) {
		n = unit_mask_bytes(text, mask, sizeof(mask));
		r = n < 0 ? n : bus->sd.message_append_array(m, 'y', mask, (size_t)n);
	} else {
		r = append_devices(bus, m, text);
	}
	return r < 0 ? r : bus->sd.message_close_container(m);
}

static int append_property(const struct unit_bus *bus, sd_bus_message *m, const char *name,
			   enum unit_type type, const char *text)
{
	int r = bus->sd.message_open_container(m, 'r', "sv");

	if (r >= 0)
		r = bus->sd.message_append(m, "s", name);
	if (r >= 0)
		r = append_variant(bus, m, type, text);
	return r < 0 ? r : bus->sd.message_close_container(m);
}

/* A list of devices is added to what is there, unless it is empty: then it clears. */
static int append_values(const struct unit_bus *bus, sd_bus_message *m,
			 const struct unit_values *values)
{
	unsigned i;
	int r = bus->sd.message_open_container(m, 'a', "(sv)");

	for (i = 0; i < values->n && r >= 0; i++) {
		const struct unit_property *property = values->value[i].property;

		if (property->type == UNIT_FILE)
			continue;
		if (property->type == UNIT_DEVICES && values->value[i].text[0])
			r = append_property(bus, m, property->name, property->type, "");
		if (r >= 0)
			r = append_property(bus, m, property->name, property->type,
					    values->value[i].text);
	}
	return r < 0 ? r : bus->sd.message_close_container(m);
}

/* The kernel has the values when systemd answers the call behind: it writes them between two of them. */
static int ping(struct unit_bus *bus, const char *unit, struct errmsg *e)
{
	sd_bus_message *m = NULL;
	int r = unit_bus_new_call(bus, &m, MANAGER_PATH, "org.freedesktop.DBus.Peer", "Ping");

	return r < 0 ? errmsg_set(e, r, "cannot set the limits of %s", unit) :
		       unit_bus_call(bus, m, "set the limits of", unit, e);
}

int unit_bus_set(struct unit_bus *bus, const char *unit, const struct unit_values *values,
		 struct errmsg *e)
{
	sd_bus_message *m = NULL;
	int r = unit_bus_new_call(bus, &m, MANAGER_PATH, MANAGER, "SetUnitProperties");

	if (r >= 0)
		r = bus->sd.message_append(m, "sb", unit, true);
	if (r >= 0)
		r = append_values(bus, m, values);
	if (r < 0) {
		bus->sd.message_unref(m);
		return errmsg_set(e, r, "cannot set the limits of %s", unit);
	}
	r = unit_bus_call(bus, m, "set the limits of", unit, e);
	return r < 0 ? r : ping(bus, unit, e);
}

static int read_devices(const struct unit_bus *bus, sd_bus_message *m, char *ret)
{
	const char *path;
	uint64_t number;
	size_t used = 0;
	int r = bus->sd.message_enter_container(m, 'a', "(st)");

	ret[0] = '\0';
	while (r >= 0 && (r = bus->sd.message_read(m, "(st)", &path, &number)) > 0) {
		used += (size_t)snprintf(ret + used, UNIT_TEXT_MAX - used, "%s%s %" PRIu64,
					 used ? "," : "", path, number);
		if (used >= UNIT_TEXT_MAX)
			return -E2BIG;
	}
	return r;
}

static int read_mask(const struct unit_bus *bus, sd_bus_message *m, char *ret)
{
	const void *mask;
	size_t i, size;
	int r = bus->sd.message_read_array(m, 'y', &mask, &size);

	ret[0] = '\0';
	if (r < 0 || 2 * size >= UNIT_TEXT_MAX)
		return r < 0 ? r : -E2BIG;
	for (i = 0; i < size; i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", ((const uint8_t *)mask)[i]);
	return 0;
}

static int read_variant(const struct unit_bus *bus, sd_bus_message *m, struct unit_value *value)
{
	const char *contents;
	uint64_t number;
	int r = bus->sd.message_peek_type(m, NULL, &contents);

	if (r >= 0)
		r = bus->sd.message_enter_container(m, 'v', contents);
	if (r < 0)
		return r;
	switch (value->property->type) {
	case UNIT_NUMBER:
		r = bus->sd.message_read(m, "t", &number);
		(void)snprintf(value->text, sizeof(value->text), "%" PRIu64, r < 0 ? 0 : number);
		return r;
	case UNIT_MASK:
		return read_mask(bus, m, value->text);
	case UNIT_DEVICES:
		return read_devices(bus, m, value->text);
	case UNIT_FILE:
		break;
	}
	return -EINVAL;
}

/* The answer to one Get, whenever it comes. */
struct answer {
	const struct unit_bus *bus;
	struct unit_value *value;
	unsigned *waiting;
	int *error;
};

static int take_answer(sd_bus_message *m, void *userdata, sd_bus_error *ignored)
{
	const struct answer *answer = userdata;
	const sd_bus_error *error = answer->bus->sd.message_get_error(m);
	int r;

	(void)ignored;
	(*answer->waiting)--;
	r = error ? -answer->bus->sd.error_get_errno(error) :
		    read_variant(answer->bus, m, answer->value);
	if (r < 0)
		*answer->error = r;
	return 1;
}

static int ask(struct unit_bus *bus, const char *path, struct answer *answer)
{
	sd_bus_message *m = NULL;
	int r = unit_bus_new_call(bus, &m, path, "org.freedesktop.DBus.Properties", "Get");

	if (r >= 0)
		r = bus->sd.message_append(m, "ss", "org.freedesktop.systemd1.Slice",
					   answer->value->property->name);
	if (r >= 0)
		r = bus->sd.call_async(bus->bus, NULL, m, take_answer, answer,
				       unit_bus_time_left(bus));
	bus->sd.message_unref(m);
	return r < 0 ? r : 0;
}

static int await_answers(struct unit_bus *bus, const unsigned *waiting)
{
	int r = 0;

	while (*waiting && r >= 0) {
		if (wire_now() >= bus->deadline)
			return -ETIMEDOUT;
		r = bus->sd.process(bus->bus, NULL);
		if (r == 0)
			r = bus->sd.wait(bus->bus, unit_bus_time_left(bus));
	}
	return r < 0 ? r : 0;
}

int unit_bus_get(struct unit_bus *bus, const char *unit, struct unit_values *values,
		 struct errmsg *e)
{
	struct answer answers[UNIT_VALUES_MAX];
	unsigned i, waiting = 0;
	int r, error = 0;
	AUTO_FREE char *path = NULL;

	r = bus->sd.path_encode(MANAGER_PATH "/unit", unit, &path);
	for (i = 0; i < values->n && r >= 0; i++) {
		if (values->value[i].property->type == UNIT_FILE)
			continue;
		answers[i] = (struct answer){ bus, &values->value[i], &waiting, &error };
		r = ask(bus, path, &answers[i]);
		waiting += r >= 0;
	}
	if (r >= 0)
		r = await_answers(bus, &waiting);
	if (r == 0)
		r = error;
	/* What the library says in place of each answer that a closed connection has not brought. */
	if (r == -ETIMEDOUT && wire_now() < bus->deadline)
		r = -ECONNRESET;
	return r < 0 ? errmsg_set(e, r, "cannot read the properties of %s", unit) : 0;
}
#endif
