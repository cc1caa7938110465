/* Isolation switched off for a time; see override.h. */
#include "override.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cleanup.h"
#include "errmsg.h"
#include "policy_value.h"
#include "process.h"

#define TEXT_MAX 1024

uint64_t override_now(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec;
}

/* 1: read; 0: no such file. */
static int text_read(const char *path, char ret[TEXT_MAX], struct errmsg *e)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st = { 0 };
	ssize_t n;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return errmsg_set(e, -errno, "cannot open %s", path);
	if (fstat(fd, &st) < 0)
		return errmsg_set(e, -errno, "cannot look at %s", path);
	if (!S_ISREG(st.st_mode) || st.st_uid != 0 || st.st_mode & (S_IWGRP | S_IWOTH))
		return errmsg_setx(e, -EPERM, "%s is not a file that only root can write", path);
	n = read(fd, ret, TEXT_MAX - 1);
	if (n < 0)
		return errmsg_set(e, -errno, "cannot read %s", path);
	ret[n] = '\0';
	return 1;
}

static void line_copy(const char *value, char *ret, size_t size)
{
	size_t len = strlen(value);

	if (len >= size)
		len = size - 1;
	memcpy(ret, value, len);
	ret[len] = '\0';
	for (char *c = ret; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

/* One "KEY=VALUE"; what a later release writes is let pass. */
static int line_read(char *line, struct override *ret, char *boot, struct errmsg *e)
{
	char *value = strchr(line, '=');

	if (!value)
		return errmsg_setx(e, -EINVAL, "'%s' is not KEY=VALUE", line);
	*value++ = '\0';
	if (strcmp(line, "until") == 0)
		return value_number(value, 0, UINT64_MAX, &ret->until, e);
	if (strcmp(line, "since") == 0)
		return value_number(value, 0, UINT64_MAX, &ret->since, e);
	if (strcmp(line, "by") == 0)
		line_copy(value, ret->by, sizeof(ret->by));
	else if (strcmp(line, "reason") == 0)
		line_copy(value, ret->reason, sizeof(ret->reason));
	else if (strcmp(line, "boot") == 0)
		line_copy(value, boot, PROCESS_BOOT_MAX);
	return 0;
}

static int text_parse(char *text, struct override *ret, char *boot, struct errmsg *e)
{
	char *rest = text;
	char *line;

	while ((line = strsep(&rest, "\n")))
		if (*line != '\0' && line_read(line, ret, boot, e) < 0)
			return e->code;
	return 0;
}

int override_read(const char *path, struct override *ret, struct errmsg *e)
{
	struct override override = { 0 };
	char text[TEXT_MAX];
	char boot[PROCESS_BOOT_MAX] = "";
	char this_boot[PROCESS_BOOT_MAX];
	uint64_t now;
	int r = text_read(path, text, e);

	if (r <= 0)
		return r;
	if (text_parse(text, &override, boot, e) < 0)
		return errmsg_wrap(e, "%s", path);
	/* Where /run outlives a boot, the file must not: its time is counted from the boot. */
	r = process_boot(this_boot);
	if (r < 0)
		return errmsg_set(e, r, "cannot read the id of this boot");
	if (strcmp(boot, this_boot) != 0)
		return errmsg_setx(e, -ESTALE, "%s is of another boot", path);
	now = override_now();
	if (override.until > now && override.until - now > OVERRIDE_SECONDS_MAX)
		return errmsg_setx(e, -EINVAL, "%s has no end in sight", path);
	if (override.until <= now)
		return 0;
	memcpy(ret, &override, sizeof(*ret));
	return 1;
}

static int text_write(int fd, const struct override *override, const char *boot, struct errmsg *e)
{
	char text[TEXT_MAX];
	int n = snprintf(text, sizeof(text),
			 "until=%" PRIu64 "\nsince=%" PRIu64 "\nby=%s\nreason=%s\nboot=%s\n",
			 override->until, override->since, override->by, override->reason, boot);

	if (n < 0 || (size_t)n >= sizeof(text))
		return errmsg_setx(e, -E2BIG, "the text is too long");
	if (write(fd, text, (size_t)n) != n)
		return errmsg_set(e, errno ? -errno : -EIO, "cannot write it");
	/* Whatever the umask is: nsshell reads it as the user. */
	if (fchmod(fd, 0644) < 0)
		return errmsg_set(e, -errno, "cannot set its mode");
	return 0;
}

int override_write(const char *path, const struct override *override, struct errmsg *e)
{
	char boot[PROCESS_BOOT_MAX];
	char draft[NSISO_PATH_MAX];
	AUTO_CLOSE int fd = -1;
	int r = process_boot(boot);

	if (r < 0)
		return errmsg_set(e, r, "cannot read the id of this boot");
	if ((size_t)snprintf(draft, sizeof(draft), "%s.new", path) >= sizeof(draft))
		return errmsg_set(e, -ENAMETOOLONG, "cannot write %s", path);
	/* One that a killed writer left. */
	(void)unlink(draft);
	fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return errmsg_set(e, -errno, "cannot make %s", draft);
	r = text_write(fd, override, boot, e);
	if (r == 0 && rename(draft, path) < 0)
		r = errmsg_set(e, -errno, "cannot rename it");
	if (r == 0)
		return 0;
	(void)unlink(draft);
	return errmsg_wrap(e, "cannot write %s", path);
}

int override_remove(const char *path, struct errmsg *e)
{
	if (unlink(path) == 0)
		return 1;
	return errno == ENOENT ? 0 : errmsg_set(e, -errno, "cannot remove %s", path);
}
