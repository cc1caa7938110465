/*
 * What subcommands that read policies share.
 */
#include "confdir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"

void fault_print(void *ctx, const char *file, unsigned line, unsigned column, const char *text)
{
	struct fault_printer *printer = ctx;

	printer->count++;
	(void)fprintf(stderr, "%s%s:", *file == '/' ? "" : printer->prefix, file);
	if (line != 0)
		(void)fprintf(stderr, "%u:", line);
	if (column != 0)
		(void)fprintf(stderr, "%u:", column);
	(void)fprintf(stderr, " %s\n", text);
}

char *path_absolute(const char *path)
{
	AUTO_FREE char *here = NULL;
	char *joined = NULL;

	if (*path == '/')
		return strdup(path);
	here = getcwd(NULL, 0);
	if (!here || asprintf(&joined, "%s/%s", here, path) < 0)
		return NULL;
	return joined;
}
