/* Lines of an instance's record; see record_line.h. */
#include "record_line.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "table.h"

#define RECORD_MAX 8192 /* as in libnsiso/instance.c */

void record_line(int dir, const char *key, char *ret, size_t size)
{
	AUTO_CLOSE int fd = openat(dir, "record", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char text[RECORD_MAX];
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	const char *line = text;

	text[n > 0 ? n : 0] = '\0';
	ret[0] = '\0';
	while (line) {
		if (strncmp(line, key, strlen(key)) == 0)
			(void)snprintf(ret, size, "%.*s", (int)strcspn(line + strlen(key), "\n"),
				       line + strlen(key));
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	(void)text_clean(ret);
}
