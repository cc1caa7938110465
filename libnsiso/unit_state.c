/* What was changed of a user's slice; see unit_state.h. */
#include "unit_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "errmsg.h"

#define NAME ".unit"
#define NAME_NEW ".unit.new"
#define LINE_MAX_BYTES (UNIT_TEXT_MAX + 64)

/* A line that is not ours is passed over: another release has written it. */
static int read_line(char *line, struct unit_values *ret)
{
	char *name = strsep(&line, " "), *whose = line ? strsep(&line, " ") : NULL;
	const struct unit_property *property = unit_property_find(name);
	int r;

	if (!property || !whose || !line)
		return 0;
	line[strcspn(line, "\n")] = '\0';
	r = unit_values_set(ret, property, line);
	if (r == 0)
		ret->value[ret->n - 1].foreign = strcmp(whose, "foreign") == 0;
	return r;
}

int unit_state_read(int user_dir, struct unit_values *ret, struct errmsg *e)
{
	int fd = openat(user_dir, NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), r = 0;
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	char line[LINE_MAX_BYTES];

	ret->n = 0;
	if (!file) {
		r = -errno;
		close_fd(&fd);
		return r == -ENOENT ? 0 : errmsg_set(e, r, "cannot read %s", NAME);
	}
	while (r == 0 && fgets(line, sizeof(line), file))
		r = read_line(line, ret);
	if (r == 0 && ferror(file))
		r = -EIO;
	(void)fclose(file);
	return r < 0 ? errmsg_set(e, r, "cannot read %s", NAME) : 0;
}

static int write_file(int user_dir, const struct unit_values *values)
{
	AUTO_CLOSE int fd = openat(user_dir, NAME_NEW,
				   O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	unsigned i;

	if (fd < 0)
		return -errno;
	for (i = 0; i < values->n; i++)
		if (dprintf(fd, "%s %s %s\n", values->value[i].property->name,
			    values->value[i].foreign ? "foreign" : "own",
			    values->value[i].text) < 0)
			return -errno;
	return renameat(user_dir, NAME_NEW, user_dir, NAME) < 0 ? -errno : 0;
}

int unit_state_write(int user_dir, const struct unit_values *values, struct errmsg *e)
{
	int r = 0;

	if (values->n)
		r = write_file(user_dir, values);
	else if (unlinkat(user_dir, NAME, 0) < 0 && errno != ENOENT)
		r = -errno;
	return r < 0 ? errmsg_set(e, r, "cannot write %s", NAME) : 0;
}
