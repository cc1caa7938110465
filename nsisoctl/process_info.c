/* What /proc says of one process; see process_info.h. */
#include "process_info.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"

static ssize_t file_read(pid_t pid, const char *name, char *ret, size_t size)
{
	AUTO_CLOSE int fd = -1;
	char path[48];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, ret, size - 1);
	if (n < 0)
		return -ESRCH;
	ret[n] = '\0';
	return n;
}

/* A number of /proc/PID/stat by its field (man 5 proc); text begins with field 3. */
static uint64_t field_number(const char *text, unsigned field)
{
	for (unsigned i = 3; i < field; i++) {
		text = strchr(text, ' ');
		if (!text)
			return 0;
		text++;
	}
	return strtoull(text, NULL, 10);
}

/* The name may hold anything, brackets too: it ends with the last one. */
static int stat_read(pid_t pid, struct process_info *ret)
{
	const uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK), page = (uint64_t)sysconf(_SC_PAGESIZE);
	char text[1024], *name, *rest;

	if (file_read(pid, "stat", text, sizeof(text)) <= 0)
		return -ESRCH;
	name = strchr(text, '(');
	rest = strrchr(text, ')');
	if (!name || !rest || rest[1] != ' ')
		return -ESRCH;
	ret->state = rest[2];
	ret->parent = (pid_t)field_number(rest + 2, 4);
	ret->cpu_ms = (field_number(rest + 2, 14) + field_number(rest + 2, 15)) * 1000 / hz;
	ret->resident = field_number(rest + 2, 24) * page;
	*rest = '\0';
	(void)snprintf(ret->command, sizeof(ret->command), "[%s]", name + 1);
	return 0;
}

/* NSpid has the numbers from our pid namespace to the process's own one (man 5 proc). */
static int status_read(pid_t pid, struct process_info *ret)
{
	char text[4096], *line, *second;

	if (file_read(pid, "status", text, sizeof(text)) <= 0)
		return -ESRCH;
	line = strstr(text, "\nUid:\t");
	if (line)
		ret->uid = (uid_t)strtoul(line + 6, NULL, 10);
	line = strstr(text, "\nNSpid:\t");
	if (!line)
		return 0;
	line += 8;
	line[strcspn(line, "\n")] = '\0';
	second = strchr(line, '\t');
	if (second)
		ret->inside = (pid_t)strtol(second + 1, NULL, 10);
	return 0;
}

void process_info_command(struct process_info *ret)
{
	char text[PROCESS_COMMAND_MAX];
	ssize_t n = file_read(ret->pid, "cmdline", text, sizeof(text));

	if (n <= 0)
		return;
	while (n > 0 && text[n - 1] == '\0')
		n--;
	for (ssize_t i = 0; i < n; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	text[n] = '\0';
	if (n > 0)
		memcpy(ret->command, text, (size_t)n + 1);
}

int process_info_read(pid_t pid, struct process_info *ret)
{
	*ret = (struct process_info){ .pid = pid, .uid = (uid_t)-1 };
	if (stat_read(pid, ret) < 0 || status_read(pid, ret) < 0)
		return -ESRCH;
	return 0;
}

const char *process_info_user(const struct process_info *info, char *ret, size_t size)
{
	char buffer[1024];
	struct passwd pw, *found = NULL;

	if (getpwuid_r(info->uid, &pw, buffer, sizeof(buffer), &found) == 0 && found)
		(void)snprintf(ret, size, "%s", pw.pw_name);
	else
		(void)snprintf(ret, size, "%u", (unsigned)info->uid);
	return ret;
}
