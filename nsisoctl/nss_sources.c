/* Where the account databases come from; see nss_sources.h. */
#include "nss_sources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

/* systemd's own: users of services while these run. */
static bool is_local(const char *source)
{
	return strcmp(source, "files") == 0 || strcmp(source, "compat") == 0 ||
	       strcmp(source, "systemd") == 0 || *source == '[';
}

static bool line_is_local(char *sources)
{
	char *rest = sources;
	char *word;

	sources[strcspn(sources, "#\n")] = '\0';
	while ((word = strsep(&rest, " \t")))
		if (*word != '\0' && !is_local(word))
			return false;
	return true;
}

bool nss_is_local(const char *database)
{
	FILE *file = fopen("/etc/nsswitch.conf", "re");
	AUTO_FREE char *line = NULL;
	size_t room = 0;
	bool found = true; /* man 5 nsswitch.conf: without a line it is "files" */

	while (file && getline(&line, &room, file) > 0) {
		size_t len = strlen(database);

		if (strncmp(line, database, len) == 0 && line[len] == ':') {
			found = line_is_local(line + len + 1);
			break;
		}
	}
	if (file)
		(void)fclose(file);
	return found;
}
