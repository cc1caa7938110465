/* Outputs that are compared with a file; see golden.h. */
#include "golden.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "facts.h"
#include "tap.h"

const struct facts golden_facts = { .user = "alice",
				    .uid = 1001,
				    .gid = 1002,
				    .home = "/home/alice",
				    .service = "sshd",
				    .host = "box",
				    .id = "0123456789abcdef",
				    .init_uid = 990,
				    .init_gid = 991,
				    .cgroup = CGROUP_V2 };

static bool text_read(const char *path, char ret[GOLDEN_MAX])
{
	FILE *file = fopen(path, "re");
	size_t n;

	ret[0] = '\0';
	if (!file)
		return false;
	n = fread(ret, 1, GOLDEN_MAX - 1, file);
	ret[n] = '\0';
	(void)fclose(file);
	return true;
}

void golden_read(const char *path, char ret[GOLDEN_MAX])
{
	if (!text_read(path, ret))
		tap_bail("cannot read %s: %s", path, strerror(errno));
}

static void text_write(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	if (!file)
		tap_bail("cannot write %s", path);
	(void)fputs(text, file);
	(void)fclose(file);
}

/* The first line that differs. */
static void difference_show(const char *have, const char *want)
{
	while (*have && strcspn(have, "\n") == strcspn(want, "\n") &&
	       strncmp(have, want, strcspn(have, "\n") + 1) == 0) {
		have += strcspn(have, "\n") + 1;
		want += strcspn(want, "\n") + 1;
	}
	tap_note("have: %.*s", (int)strcspn(have, "\n"), have);
	tap_note("want: %.*s", (int)strcspn(want, "\n"), want);
}

void golden_compare(const char *path, const char *have)
{
	static char want[GOLDEN_MAX];
	const char *update = getenv("UPDATE");

	if (update && strcmp(update, "1") == 0)
		text_write(path, have);
	/* One that is missing is not the same as an empty one. */
	if (!tap_ok(text_read(path, want) && strcmp(have, want) == 0, "%s", strrchr(path, '/') + 1))
		difference_show(have, want);
}

void golden_check(const char *name, void (*print)(FILE *out))
{
	static char have[GOLDEN_MAX];
	const char *top = getenv("NSISO_TOP");
	char path[1024];
	FILE *out = fmemopen(have, sizeof(have), "w");

	if (!out)
		tap_bail("cannot make a stream");
	print(out);
	(void)fclose(out);
	(void)snprintf(path, sizeof(path), "%s/tests/golden/ctl/%s.want", top ? top : ".", name);
	golden_compare(path, have);
}
