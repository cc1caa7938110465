/*
 * iniparser takes nothing but the name of a file, and prints its errors.  So it gets the name of a
 * descriptor that holds the very bytes that were checked, and a callback that says nothing.
 */
#include "policy_ini.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "cleanup.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U /* since Linux 6.3 */
#endif

/* iniparser prints to stderr by default: that is the client's connection in some daemons. */
static int error_ignore(const char *format, ...)
{
	(void)format;
	return 0;
}

static int memory_open(void)
{
	/* With vm.memfd_noexec=2 the kernel takes nothing else; one before 6.3 does not know it. */
	int fd = memfd_create("policy", MFD_CLOEXEC | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("policy", MFD_CLOEXEC);
	return fd;
}

/*
 * The lines that say something, in ret, which holds len bytes; returns the bytes in use.  Comments
 * are most of a good policy file, and each costs iniparser an allocation.
 */
static size_t lines_copy(const char *text, size_t len, char *ret)
{
	const char *end = text + len;
	size_t used = 0;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *next = newline ? newline + 1 : end;
		const char *first = text;

		while (first < next && (*first == ' ' || *first == '\t'))
			first++;
		if (first < next && *first != '#' && *first != ';' && *first != '\n') {
			memcpy(ret + used, text, (size_t)(next - text));
			used += (size_t)(next - text);
		}
		text = next;
	}
	return used;
}

dictionary *policy_ini_load(const char *text, size_t len)
{
	AUTO_FREE char *lines = malloc(len);
	AUTO_CLOSE int fd = memory_open();
	char path[sizeof("/proc/self/fd/") + 10];
	dictionary *dict;
	size_t used;

	if (!lines || fd < 0)
		return NULL;
	used = lines_copy(text, len, lines);
	/* At once or not at all: it is memory. */
	if (write(fd, lines, used) != (ssize_t)used)
		return NULL;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	iniparser_set_error_callback(error_ignore);
	dict = iniparser_load(path);
	iniparser_set_error_callback(NULL);
	return dict;
}

void policy_ini_free(dictionary **dict)
{
	if (*dict)
		iniparser_freedict(*dict);
}
