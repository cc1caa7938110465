/* What the parts of unit_bus share. */
#ifndef NSISO_UNIT_BUS_OWN_H
#define NSISO_UNIT_BUS_OWN_H

#include <stdint.h>
#include <systemd/sd-bus.h>

#include "unit_bus.h"

#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER "org.freedesktop.systemd1.Manager"

/* What is used of the library, under its own names: sd_bus_NAME. */
/* clang-format off */
#define FUNCTIONS(X) \
	X(new) X(set_address) X(set_bus_client) X(start) X(flush_close_unref) \
	X(call) X(call_async) X(process) X(wait) X(error_free) X(error_get_errno) X(path_encode) \
	X(message_new_method_call) X(message_append) X(message_append_array) \
	X(message_open_container) X(message_close_container) \
	X(message_enter_container) X(message_exit_container) \
	X(message_read) X(message_read_array) X(message_peek_type) \
	X(message_unref) X(message_get_error)
/* clang-format on */

struct functions {
/* NOLINTNEXTLINE(bugprone-macro-parentheses): the name of a member */
#define MEMBER(name) __typeof__(&sd_bus_##name) name;
	FUNCTIONS(MEMBER)
#undef MEMBER
};

struct unit_bus {
	struct functions sd;
	void *library;
	sd_bus *bus;
	int64_t deadline;
};

/* A call of a method of systemd's; the functions of the library answer with what is less than 0 on failure. */
int unit_bus_new_call(struct unit_bus *bus, sd_bus_message **ret, const char *path,
		      const char *interface, const char *member);
/* Sends it, which is over then, and waits for the answer; what systemd says is the reason in e. */
int unit_bus_call(struct unit_bus *bus, sd_bus_message *message, const char *what, const char *unit,
		  struct errmsg *e);
uint64_t unit_bus_time_left(const struct unit_bus *bus); /* µs */

#endif
