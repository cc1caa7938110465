/* Limits over those of the policy; see limits_live.h. */
#include "limits_live.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "errmsg.h"
#include "policy.h"
#include "policy_field.h"
#include "policy_keys.h"

#define FILE_MAX (LIMITS_LIVE_MAX * (LIMITS_LIVE_VALUE_MAX + 64))
#define FILE_NEW ".limits.new"

uint64_t limits_live_now(void)
{
	struct timespec now = { .tv_sec = 0 };

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec;
}

/* The row of a limit, or -1. */
static int find_key(const char *name, size_t len)
{
	int row = policy_key_find(ROW_CGROUP_ENABLE, name, len);

	return row >= 0 && policy_key_is_limit(&policy_keys[row]) ? row : -1;
}

/* Into a policy, which may be none that matters: this is how values are checked. */
static int lay_one(int row, const char *value, struct policy *policy, struct errmsg *e)
{
	struct policy_input in = { .text = value };

	if (policy_field_read(&policy_keys[row], &in, policy) < 0)
		return errmsg_setx(e, in.e.code, "%s: %s", policy_keys[row].name, in.e.text);
	return 0;
}

static void forget(struct limits_live *live, const char *key)
{
	unsigned i;

	for (i = 0; i < live->n; i++)
		if (live->entry[i].key == key) {
			live->entry[i] = live->entry[--live->n];
			return;
		}
}

int limits_live_set(struct limits_live *live, const char *key, const char *value, uint64_t until,
		    struct errmsg *e)
{
	AUTO_FREE struct policy *scratch = NULL;
	int r, row = find_key(key, strlen(key));

	if (row < 0)
		return errmsg_setx(e, -EINVAL, "'%s' is no limit of [cgroup]", key);
	if (!value) {
		forget(live, policy_keys[row].name);
		return 0;
	}
	if (strlen(value) >= LIMITS_LIVE_VALUE_MAX || strpbrk(value, "\n\r"))
		return errmsg_setx(e, -EINVAL, "%s: the value is too long", key);
	scratch = calloc(1, sizeof(*scratch));
	if (!scratch)
		return errmsg_set(e, -ENOMEM, "cannot check the limit");
	r = lay_one(row, value, scratch, e);
	if (r < 0)
		return r;
	forget(live, policy_keys[row].name);
	if (live->n == LIMITS_LIVE_MAX)
		return errmsg_setx(e, -E2BIG, "there are more than %d limits", LIMITS_LIVE_MAX);
	live->entry[live->n].until = until;
	live->entry[live->n].key = policy_keys[row].name;
	(void)snprintf(live->entry[live->n].value, LIMITS_LIVE_VALUE_MAX, "%s", value);
	live->n++;
	return 0;
}

/* "until=SECONDS KEY=VALUE", which is cut up. */
static int read_line(char *line, struct limits_live *ret, struct errmsg *e)
{
	char *key, *value, *end = line;
	uint64_t until = 0;

	if (strncmp(line, "until=", 6) == 0 && line[6] >= '0' && line[6] <= '9')
		until = strtoull(line + 6, &end, 10);
	key = *end == ' ' ? end + 1 : NULL;
	value = key ? strchr(key, '=') : NULL;
	if (!value)
		return errmsg_setx(e, -EINVAL, "%s: '%s' is not 'until=SECONDS KEY=VALUE'",
				   LIMITS_LIVE_FILE, line);
	*value++ = '\0';
	return limits_live_set(ret, key, value, until, e) < 0 ? errmsg_wrap(e, LIMITS_LIVE_FILE) :
								0;
}

static int read_all(int fd, char *ret, size_t size, struct errmsg *e)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return errmsg_set(e, errno ? -errno : -EIO, "cannot examine %s", LIMITS_LIVE_FILE);
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
		return errmsg_setx(e, -EINVAL, "%s is not root's alone", LIMITS_LIVE_FILE);
	n = read(fd, ret, size - 1);
	if (n < 0)
		return errmsg_set(e, errno ? -errno : -EIO, "cannot read %s", LIMITS_LIVE_FILE);
	ret[n] = '\0';
	if ((size_t)n == size - 1 || strlen(ret) != (size_t)n)
		return errmsg_setx(e, -EINVAL, "%s is too long", LIMITS_LIVE_FILE);
	return 0;
}

int limits_live_read(int user, struct limits_live *ret, struct errmsg *e)
{
	AUTO_CLOSE int fd = openat(user, LIMITS_LIVE_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_FREE char *text = NULL;
	char *line, *end;
	int r;

	ret->n = 0;
	if (fd < 0)
		return errno == ENOENT ? 0 :
					 errmsg_set(e, -errno, "cannot open %s", LIMITS_LIVE_FILE);
	text = calloc(1, FILE_MAX);
	if (!text)
		return errmsg_set(e, -ENOMEM, "cannot read %s", LIMITS_LIVE_FILE);
	r = read_all(fd, text, FILE_MAX, e);
	for (line = text; r == 0 && *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!end) {
			r = errmsg_setx(e, -EINVAL, "%s: the last line has no end",
					LIMITS_LIVE_FILE);
			break;
		}
		*end = '\0';
		r = read_line(line, ret, e);
	}
	if (r < 0)
		ret->n = 0;
	return r;
}

int limits_live_write(int user, const struct limits_live *live, struct errmsg *e)
{
	AUTO_CLOSE int fd = -1;
	unsigned i;

	if (live->n == 0)
		return unlinkat(user, LIMITS_LIVE_FILE, 0) < 0 && errno != ENOENT ?
			       errmsg_set(e, -errno, "cannot remove %s", LIMITS_LIVE_FILE) :
			       0;
	(void)unlinkat(user, FILE_NEW, 0);
	fd = openat(user, FILE_NEW, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return errmsg_set(e, errno ? -errno : -EIO, "cannot make %s", LIMITS_LIVE_FILE);
	for (i = 0; i < live->n; i++)
		if (dprintf(fd, "until=%" PRIu64 " %s=%s\n", live->entry[i].until,
			    live->entry[i].key, live->entry[i].value) < 0)
			return errmsg_set(e, errno ? -errno : -EIO, "cannot write %s",
					  LIMITS_LIVE_FILE);
	if (renameat(user, FILE_NEW, user, LIMITS_LIVE_FILE) < 0)
		return errmsg_set(e, errno ? -errno : -EIO, "cannot make %s", LIMITS_LIVE_FILE);
	return 0;
}

uint64_t limits_live_expire(struct limits_live *live, uint64_t now)
{
	uint64_t next = 0;
	unsigned i = 0;

	while (i < live->n) {
		const struct limit_live *entry = &live->entry[i];

		if (entry->until && entry->until <= now) {
			live->entry[i] = live->entry[--live->n];
			continue;
		}
		if (entry->until && (next == 0 || entry->until < next))
			next = entry->until;
		i++;
	}
	return next;
}

int limits_live_lay(const struct limits_live *live, struct policy *policy, struct errmsg *e)
{
	unsigned i;
	int r = 0;

	for (i = 0; i < live->n && r == 0; i++)
		r = lay_one(find_key(live->entry[i].key, strlen(live->entry[i].key)),
			    live->entry[i].value, policy, e);
	return r;
}
