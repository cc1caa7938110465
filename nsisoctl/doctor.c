/* What the parts of the doctor share; see doctor.h. */
#include "doctor.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "sys.h"

#define IN_ROOT 0x10ULL /* RESOLVE_IN_ROOT: links lead to where they would on that host */

/* One more at the end of a growing array; NULL: no memory. */
static void *grow(void *array, size_t n, size_t size)
{
	/* By powers of two. */
	if (n != 0 && (n & (n - 1)) != 0)
		return array;
	return reallocarray(array, n ? 2 * n : 1, size);
}

static char *format(const char *fmt, va_list arguments) __attribute__((format(printf, 1, 0)));
static char *format(const char *fmt, va_list arguments)
{
	char *text = NULL;

	return vasprintf(&text, fmt, arguments) < 0 ? NULL : text;
}

void doctor_add(struct doctor *d, const struct doctor_rule *rule, const char *file, unsigned line,
		const char *fmt, ...)
{
	struct doctor_finding *all = grow(d->findings, d->n_findings, sizeof(*all));
	struct doctor_finding *new;
	va_list arguments;

	if (!all) {
		d->is_out_of_memory = true;
		return;
	}
	d->findings = all;
	new = &all[d->n_findings++];
	va_start(arguments, fmt);
	*new = (struct doctor_finding){ .rule = rule, .what = format(fmt, arguments) };
	va_end(arguments);
	new->file = file ? strdup(file) : NULL;
	new->line = line;
	if (!new->what || (file && !new->file))
		d->is_out_of_memory = true;
}

bool doctor_has(const struct doctor *d, const struct doctor_rule *rule, const char *file,
		unsigned line)
{
	for (size_t i = 0; i < d->n_findings; i++) {
		const struct doctor_finding *known = &d->findings[i];

		if (known->rule == rule && known->line == line && known->file && file &&
		    strcmp(known->file, file) == 0)
			return true;
	}
	return false;
}

void doctor_fact(struct doctor *d, const char *group, const char *name, const char *fmt, ...)
{
	struct doctor_fact *all = grow(d->facts, d->n_facts, sizeof(*all));
	struct doctor_fact *new;
	va_list arguments;

	if (!all) {
		d->is_out_of_memory = true;
		return;
	}
	d->facts = all;
	new = &all[d->n_facts++];
	va_start(arguments, fmt);
	*new = (struct doctor_fact){ group, strdup(name), format(fmt, arguments) };
	va_end(arguments);
	if (!new->name || !new->text)
		d->is_out_of_memory = true;
}

void doctor_done(struct doctor *d)
{
	for (size_t i = 0; i < d->n_findings; i++) {
		free(d->findings[i].what);
		free(d->findings[i].file);
	}
	for (size_t i = 0; i < d->n_facts; i++) {
		free(d->facts[i].name);
		free(d->facts[i].text);
	}
	free(d->findings);
	free(d->facts);
	free(d->sshd_service);
}

int doctor_open(const struct doctor *d, const char *path, int flags)
{
	const struct sys_open_how how = { .flags = (uint64_t)flags | O_CLOEXEC,
					  .resolve = IN_ROOT };
	int fd = sys_openat2(d->root, path, &how);

	return fd < 0 ? -errno : fd;
}

static char *read_all(int fd, size_t size)
{
	AUTO_FREE char *text = malloc(size + 1);
	size_t used = 0;
	ssize_t n = 0;
	char *taken;

	if (!text)
		return NULL;
	while (used < size) {
		n = read(fd, text + used, size - used);
		if (n < 0)
			return NULL;
		if (n == 0)
			break;
		used += (size_t)n;
	}
	text[used] = '\0';
	taken = text;
	text = NULL;
	return taken;
}

char *doctor_read(const struct doctor *d, const char *path)
{
	AUTO_CLOSE int fd = doctor_open(d, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct stat st = { 0 };

	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	if (fstat(fd, &st) < 0)
		return NULL;
	if (!S_ISREG(st.st_mode) || st.st_size > DOCTOR_FILE_MAX) {
		errno = EINVAL;
		return NULL;
	}
	/* Files of /proc and /sys say 0. */
	return read_all(fd, st.st_size ? (size_t)st.st_size : 65536);
}

char *doctor_path(struct doctor *d, const char *path)
{
	char *joined = NULL;

	if (asprintf(&joined, "%s%s", d->prefix, path) < 0) {
		d->is_out_of_memory = true;
		return NULL;
	}
	return joined;
}

bool doctor_exists(const struct doctor *d, const char *path)
{
	AUTO_CLOSE int fd = doctor_open(d, path, O_PATH);

	return fd >= 0;
}

static int name_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t len = strlen(name), end = strlen(suffix);

	return name[0] != '.' && len >= end && strcmp(name + len - end, suffix) == 0;
}

/* -ENOMEM, or the count. */
static int names_read(DIR *dir, const char *suffix, char ***ret)
{
	struct dirent *entry;
	char **names = NULL;
	int n = 0;

	while ((entry = readdir(dir))) {
		char **all;

		if (!has_suffix(entry->d_name, suffix))
			continue;
		all = grow(names, (size_t)n, sizeof(*all));
		if (all)
			names = all;
		if (!all || !(names[n] = strdup(entry->d_name))) {
			doctor_names_free(names, n);
			return -ENOMEM;
		}
		n++;
	}
	if (n > 0)
		qsort(names, (size_t)n, sizeof(*names), name_compare);
	*ret = names;
	return n;
}

int doctor_names(const struct doctor *d, const char *path, const char *suffix, char ***ret)
{
	int n, fd = doctor_open(d, path, O_RDONLY | O_DIRECTORY);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	*ret = NULL;
	if (!dir) {
		n = fd < 0 ? fd : -errno;
		close_fd(&fd);
		return n;
	}
	n = names_read(dir, suffix, ret);
	(void)closedir(dir);
	return n;
}

void doctor_names_free(char **names, int n)
{
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

char *doctor_line(struct doctor_text *text, bool is_joined)
{
	char *start = text->at, *end = start;

	if (*start == '\0')
		return NULL;
	text->line += 1 + text->more;
	text->more = 0;
	for (; *end != '\0' && *end != '\n'; end++) {
		if (!is_joined || end[0] != '\\' || end[1] != '\n')
			continue;
		end[0] = end[1] = ' ';
		text->more++;
	}
	text->at = *end == '\0' ? end : end + 1;
	*end = '\0';
	return start;
}

char *doctor_word(char **at)
{
	char *start = *at, *end;

	while (isspace((unsigned char)*start))
		start++;
	if (*start == '\0')
		return NULL;
	for (end = start; *end != '\0' && !isspace((unsigned char)*end); end++)
		;
	*at = *end == '\0' ? end : end + 1;
	*end = '\0';
	return start;
}
