/*
 * Limits as properties of a systemd unit (org.freedesktop.systemd1(5), systemd.resource-control(5)): from the
 * kernel's v2 names and texts, in a form that can be sent, compared and kept in a file.
 */
#ifndef NSISO_UNIT_VALUE_H
#define NSISO_UNIT_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct errmsg;

#define UNIT_VALUES_MAX 24 /* properties of one unit that limits come to */
#define UNIT_TEXT_MAX 512  /* bytes of a value as text */

enum unit_type {
	UNIT_NUMBER,  /* D-Bus type t; text: decimal */
	UNIT_MASK,    /* ay, bit N of byte N/8; text: hex digits, the first byte first */
	UNIT_DEVICES, /* a(st); text: "PATH NUMBER", separated by commas */
	UNIT_FILE,    /* no property: a file of the cgroup that systemd leaves alone */
};

struct unit_property {
	const char *name;
	enum unit_type type;
	const char *drop_in; /* systemd keeps it in UNIT.d/50-NAME.conf; NULL: UNIT_FILE */
};

/* NULL: none of those that limits come to. */
const struct unit_property *unit_property_find(const char *name);

struct unit_value {
	const struct unit_property *property;
	char text[UNIT_TEXT_MAX];
	bool optional; /* failure is a warning */
	bool foreign;  /* the drop-in was there before us */
};

struct unit_values {
	unsigned n;
	struct unit_value value[UNIT_VALUES_MAX];
};

/*
 * Adds what the limit (v2 name and text) comes to.  -EOPNOTSUPP: units have no such property; -EINVAL: not a
 * text that the kernel takes, or one that systemd would not keep.
 */
int unit_values_add(struct unit_values *values, const char *limit, const char *text, bool optional,
		    struct errmsg *e);
/* The value of that property, or NULL. */
const struct unit_value *unit_values_find(const struct unit_values *values, const char *name);
/* Sets or replaces one; -E2BIG. */
int unit_values_set(struct unit_values *values, const struct unit_property *property,
		    const char *text);

/* Bytes of a mask's text; the number of bytes, at most size, or -EINVAL. */
int unit_mask_bytes(const char *text, uint8_t *ret, size_t size);

/*
 * Whether what the v2 file of a limit says is what was asked for, but for what kernel and systemd round: bytes
 * down to pages, processor time up to whole per cent.  io.max: the lines of the same devices, by number.
 */
bool unit_limit_is(const char *limit, const char *have, const char *want);

#endif
