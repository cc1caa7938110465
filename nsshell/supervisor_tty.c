/*
 * The terminals of a user, as w(1) and logind see them: the time of access of a terminal is that of the
 * last input that was read from it.  They are looked at from outside, rarely, and by descriptor alone.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cleanup.h"
#include "supervisor_parts.h"

#define PTS_FIRST 136 /* major numbers of /dev/pts (Documentation/admin-guide/devices.txt) */
#define PTS_LAST 143

typedef void use_entry(int dir, const char *name, void *ctx);

static void walk(const char *path, use_entry *use, void *ctx)
{
	DIR *entries = opendir(path);
	const struct dirent *entry;

	if (!entries)
		return;
	while ((entry = readdir(entries)))
		if (entry->d_name[0] != '.')
			use(dirfd(entries), entry->d_name, ctx);
	(void)closedir(entries);
}

static bool is_pty_of(const struct stat *st, uid_t uid)
{
	const unsigned kind = major(st->st_rdev);

	return S_ISCHR(st->st_mode) && st->st_uid == uid && kind >= PTS_FIRST && kind <= PTS_LAST;
}

struct look {
	uid_t uid;
	time_t newest;
	bool has_terminal;
};

static void look_at_pty(int dir, const char *name, void *ctx)
{
	struct look *look = ctx;
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && is_pty_of(&st, look->uid) &&
	    st.st_atime > look->newest)
		look->newest = st.st_atime;
}

/*
 * sshd's monitor keeps the other side of the terminal, which says nothing of its use; login and su have the
 * terminal itself, which may be another user's or no pty at all.
 */
static void look_at_descriptor(int dir, const char *name, void *ctx)
{
	struct look *look = ctx;
	char target[64];
	struct stat st;
	ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);

	target[n > 0 ? n : 0] = '\0';
	if (strcmp(target, "/dev/ptmx") == 0 || strcmp(target, "/dev/pts/ptmx") == 0) {
		look->has_terminal = true;
		return;
	}
	if (strncmp(target, "/dev/pts/", 9) != 0 && strncmp(target, "/dev/tty", 8) != 0 &&
	    strcmp(target, "/dev/console") != 0)
		return;
	look->has_terminal = true;
	if (fstatat(dir, name, &st, 0) == 0 && S_ISCHR(st.st_mode) && st.st_atime > look->newest)
		look->newest = st.st_atime;
}

bool terminals_look(const struct supervisor *s, time_t *newest)
{
	struct look look = { .uid = s->uid };
	bool all_have = true;
	char path[32];
	unsigned i;

	walk("/dev/pts", look_at_pty, &look);
	for (i = 0; i < s->book.n; i++) {
		const struct book_entry *entry = &s->book.entry[i];

		if (entry->opener < 0 || entry->left)
			continue;
		look.has_terminal = false;
		(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)entry->pid);
		walk(path, look_at_descriptor, &look);
		all_have = all_have && look.has_terminal;
	}
	*newest = look.newest;
	return all_have;
}

struct warning {
	uid_t uid;
	const char *text;
};

/* One that is stopped (^S) or gone must not hold us up. */
static void warn_pty(int dir, const char *name, void *ctx)
{
	const struct warning *warning = ctx;
	AUTO_CLOSE int fd = -1;
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !is_pty_of(&st, warning->uid))
		return;
	fd = openat(dir, name, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || !is_pty_of(&st, warning->uid))
		return;
	(void)!write(fd, warning->text, strlen(warning->text));
}

void terminals_warn(uid_t uid, const char *text)
{
	struct warning warning = { .uid = uid, .text = text };

	walk("/dev/pts", warn_pty, &warning);
}
