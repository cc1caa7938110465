/* A temporary folder; see folder.h. */
#include "folder.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

char folder[] = "/tmp/nsiso-test.XXXXXX";
int dir = -1;

int folder_make(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -1 : 0;
}

int folder_remove(void **state)
{
	(void)state;
	(void)close(dir);
	return rmdir(folder);
}
