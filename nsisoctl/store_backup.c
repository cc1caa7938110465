/* Numbered backups; see store_backup.h. */
#include "store_backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "errmsg.h"
#include "policy_value.h"

#define NUMBER_MAX 1000000000

/* The number of a backup of name, or 0 when entry is none. */
static uint64_t number_of(const char *entry, const char *name)
{
	size_t len = strlen(name);
	size_t end = strlen(entry);
	char digits[16];
	uint64_t number = 0;
	struct errmsg ignored;

	if (strncmp(entry, name, len) != 0 || strncmp(entry + len, ".~", 2) != 0 || end < len + 4 ||
	    entry[end - 1] != '~' || end - len - 3 >= sizeof(digits))
		return 0;
	memcpy(digits, entry + len + 2, end - len - 3);
	digits[end - len - 3] = '\0';
	return value_number(digits, 1, NUMBER_MAX, &number, &ignored) == 0 ? number : 0;
}

static void dir_close(DIR **stream)
{
	if (*stream)
		(void)closedir(*stream);
}

/* The highest number there is; removes those up to last on the way. */
static uint64_t backups_walk(int dir, const char *name, uint64_t last)
{
	AUTO_CLOSE int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	__attribute__((cleanup(dir_close))) DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	uint64_t highest = 0;

	if (!stream)
		return 0;
	(void)take_fd(&fd);
	while ((entry = readdir(stream))) {
		uint64_t number = number_of(entry->d_name, name);

		if (number > highest)
			highest = number;
		if (number > 0 && number <= last)
			(void)unlinkat(dir, entry->d_name, 0);
	}
	return highest;
}

int backup_make(int dir, const char *name, char *ret, struct errmsg *e)
{
	uint64_t number = backups_walk(dir, name, 0) + 1;

	if ((size_t)snprintf(ret, BACKUP_NAME_MAX, "%s.~%u~", name, (unsigned)number) >=
	    BACKUP_NAME_MAX)
		return errmsg_set(e, -ENAMETOOLONG, "cannot keep a backup of %s", name);
	if (linkat(dir, name, dir, ret, 0) < 0)
		return errmsg_set(e, -errno, "cannot keep a backup of %s", name);
	return 0;
}

void backup_prune(int dir, const char *name, unsigned keep)
{
	uint64_t highest = backups_walk(dir, name, 0);

	if (highest > keep)
		(void)backups_walk(dir, name, highest - keep);
}
