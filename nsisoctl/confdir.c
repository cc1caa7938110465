/*
 * What subcommands that read policies share.
 */
#include "confdir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"

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
