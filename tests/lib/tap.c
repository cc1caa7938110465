/* TAP from any process of a test; see tap.h. */
#include "tap.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static struct {
	unsigned n, failed;
} * count;
static int out = STDOUT_FILENO;

void tap_begin(void)
{
	count = mmap(NULL, sizeof(*count), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 100);
	if (count == MAP_FAILED || out < 0)
		exit(1);
}

__attribute__((format(printf, 2, 0))) static void say(const char *before, const char *fmt,
						      va_list ap)
{
	char line[1024];

	(void)vsnprintf(line, sizeof(line), fmt, ap);
	(void)dprintf(out, "%s%s\n", before, line);
}

__attribute__((format(printf, 2, 0))) static void result(bool good, const char *fmt, va_list ap)
{
	char before[32];
	unsigned n = __atomic_add_fetch(&count->n, 1, __ATOMIC_SEQ_CST);

	if (!good)
		(void)__atomic_add_fetch(&count->failed, 1, __ATOMIC_SEQ_CST);
	(void)snprintf(before, sizeof(before), "%sok %u - ", good ? "" : "not ", n);
	say(before, fmt, ap);
}

bool tap_ok(bool good, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	result(good, fmt, ap);
	va_end(ap);
	return good;
}

bool tap_is(long have, long want, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	result(have == want, fmt, ap);
	va_end(ap);
	if (have != want)
		tap_note("have %ld, want %ld", have, want);
	return have == want;
}

void tap_skip(const char *name, const char *why)
{
	(void)tap_ok(true, "%s # SKIP %s", name, why);
}

void tap_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("# ", fmt, ap);
	va_end(ap);
}

int tap_end(void)
{
	(void)dprintf(out, "1..%u\n", count->n);
	return count->failed ? 1 : 0;
}

void tap_skip_all(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("1..0 # SKIP ", fmt, ap);
	va_end(ap);
	exit(0);
}

void tap_bail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("Bail out! ", fmt, ap);
	va_end(ap);
	exit(1);
}
