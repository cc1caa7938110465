/* Outputs that are compared with a file; see golden.h. */
#include "golden.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

#define TEXT_MAX 65536

static void read_text(const char *path, char *ret)
{
	FILE *file = fopen(path, "re");
	size_t n = file ? fread(ret, 1, TEXT_MAX - 1, file) : 0;

	ret[n] = '\0';
	if (file)
		(void)fclose(file);
}

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	if (!file)
		tap_bail("cannot write %s", path);
	(void)fputs(text, file);
	(void)fclose(file);
}

void golden_check(const char *name, void (*print)(FILE *out))
{
	static char have[TEXT_MAX], want[TEXT_MAX];
	const char *update = getenv("UPDATE");
	const char *top = getenv("NSISO_TOP");
	char path[1024];
	FILE *out = fmemopen(have, sizeof(have), "w");

	if (!out)
		tap_bail("cannot make a stream");
	print(out);
	(void)fclose(out);
	(void)snprintf(path, sizeof(path), "%s/tests/golden/ctl/%s.want", top ? top : ".", name);
	if (update && strcmp(update, "1") == 0)
		write_text(path, have);
	read_text(path, want);
	if (!tap_ok(strcmp(have, want) == 0, "%s", name))
		tap_note("have: %s", have);
}
