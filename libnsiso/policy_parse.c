/*
 * One policy file's text laid over a policy: strict scan, values through iniparser, conversion by
 * the key table.  All or nothing.  iniparser gets a private copy of the very bytes that were
 * scanned, and what it hands back must be what the scan saw.
 */
#include "policy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <iniparser/iniparser.h>

#include "cleanup.h"
#include "errmsg.h"
#include "policy_fault.h"
#include "policy_field.h"
#include "policy_match.h"
#include "policy_scan.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U /* since Linux 6.3 */
#endif

#define NAME_MAX_FULL 64 /* "section:key?" */

static void dictionary_free(dictionary **dict)
{
	if (*dict)
		iniparser_freedict(*dict);
}

#define AUTO_DICTIONARY __attribute__((cleanup(dictionary_free)))

/* iniparser prints to stderr by default: that is the client's connection in some daemons. */
static int error_ignore(const char *format, ...)
{
	(void)format;
	return 0;
}

/* A descriptor of its own with the text in it, or -errno. */
static int text_copy(const char *text, size_t len)
{
	/*
	 * With vm.memfd_noexec=2 the kernel takes nothing else; kernels before 6.3 do not know
	 * it.
	 */
	AUTO_CLOSE int fd = memfd_create("policy", MFD_CLOEXEC | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("policy", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return take_fd(&fd);
}

/* The text as iniparser sees it, or NULL. */
static dictionary *text_load(const char *text, size_t len)
{
	AUTO_CLOSE int fd = text_copy(text, len);
	char path[sizeof("/proc/self/fd/") + 10];
	dictionary *dict;

	if (fd < 0)
		return NULL;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	iniparser_set_error_callback(error_ignore);
	dict = iniparser_load(path);
	iniparser_set_error_callback(NULL);
	return dict;
}

/* The value of a key that was scanned; NULL: iniparser reads something else than the scan did. */
static const char *value_get(const dictionary *dict, const struct policy_key *key,
			     const struct policy_item *item)
{
	char name[NAME_MAX_FULL];
	const char *text;

	(void)snprintf(name, sizeof(name), "%s:%s%s", key->section, key->name,
		       item->optional ? "?" : "");
	text = iniparser_getstring(dict, name, NULL);
	if (!text || strlen(text) != item->len || memcmp(text, item->text, item->len) != 0)
		return NULL;
	return text;
}

/* One key of the file: checked when it is of [match], else converted into *policy. */
static void key_apply(const struct policy_item *item, enum key_row row, const char *text,
		      struct policy *policy, struct policy_faults *faults)
{
	struct policy_input in = { .text = text, .optional = item->optional };
	int r;

	if (policy_keys[row].type == KEY_MATCH)
		r = policy_match_check(row, text, &in.at, &in.e);
	else
		r = policy_field_read(&policy_keys[row], &in, policy);
	if (r < 0)
		policy_fault(faults, item->line, item->column + (unsigned)in.at, "%s: %s",
			     policy_keys[row].name, in.e.text);
}

static void values_apply(const struct policy_scan *scan, const dictionary *dict,
			 struct policy *policy, struct policy_faults *faults)
{
	for (int row = 0; row < ROW_COUNT; row++) {
		const struct policy_item *item = &scan->items[row];
		const char *text;

		if (item->line == 0)
			continue;
		text = value_get(dict, &policy_keys[row], item);
		if (!text)
			policy_fault(faults, item->line, item->column, "%s: the value is ambiguous",
				     policy_keys[row].name);
		else
			key_apply(item, (enum key_row)row, text, policy, faults);
	}
}

/* Files that name their logins by their own name have no [match]. */
static bool has_match(const char *file)
{
	const char *base = strrchr(file, '/');
	size_t dir_len = base ? (size_t)(base - file) : 0;

	if (strcmp(base ? base + 1 : file, "default.conf") == 0)
		return false;
	return dir_len < 7 || strncmp(file + dir_len - 7, "users.d", 7) != 0 ||
	       (dir_len > 7 && file[dir_len - 8] != '/');
}

static void match_check(const struct policy_scan *scan, struct policy_faults *faults)
{
	unsigned line = scan->sections[ROW_MATCH_USER];

	if (line == 0)
		return;
	if (!has_match(faults->file)) {
		policy_fault(faults, line, 1, "[match] is for files of conf.d alone");
		return;
	}
	for (int row = ROW_MATCH_USER; row <= ROW_MATCH_RHOST; row++)
		if (scan->items[row].line != 0)
			return;
	policy_fault(faults, line, 1, "[match] is empty; leave it out to match every login");
}

/* 1: all keys of [match] fit; 0: not; -errno with a fault. */
static int match_decide(const struct policy_scan *scan, const dictionary *dict,
			const struct facts *facts, struct policy_faults *faults)
{
	/* Groups last: they are asked for in files, or over the network. */
	static const enum key_row order[] = { ROW_MATCH_USER, ROW_MATCH_SERVICE, ROW_MATCH_UID,
					      ROW_MATCH_RHOST, ROW_MATCH_GROUP };
	struct errmsg e;

	for (size_t i = 0; facts && i < sizeof(order) / sizeof(order[0]); i++) {
		const struct policy_item *item = &scan->items[order[i]];
		int r;

		if (item->line == 0)
			continue;
		r = policy_match_fits(order[i], value_get(dict, &policy_keys[order[i]], item),
				      facts, &e);
		if (r < 0)
			policy_fault(faults, item->line, item->column, "%s", e.text);
		if (r <= 0)
			return r;
	}
	return 1;
}

/* What depends on other keys as long as no file sets it. */
static void presets_settle(struct policy *policy)
{
	/* The host's /proc cannot hide what is not in a pid namespace of its own. */
	if (policy->origin[ROW_MOUNT_PROC].line == 0)
		policy->mount.proc_hidepid = policy->pid.enable;
}

/* Note the file and where each of its keys stands; false: too many files. */
static bool origins_set(struct policy *policy, const char *file, const struct policy_scan *scan)
{
	char *name = policy->files[policy->n_files];

	if (policy->n_files == POLICY_FILES_MAX)
		return false;
	memset(name, 0, sizeof(policy->files[0]));
	memcpy(name, file, strnlen(file, sizeof(policy->files[0]) - 1));
	for (int row = 0; row < ROW_COUNT; row++) {
		if (scan->items[row].line == 0)
			continue;
		policy->origin[row].file = (uint8_t)policy->n_files;
		policy->origin[row].line = scan->items[row].line;
	}
	policy->n_files++;
	return true;
}

void policy_defaults(struct policy *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (int row = 0; row < ROW_COUNT; row++) {
		struct policy_input in = { .text = policy_keys[row].preset };

		/* Cannot fail: the unit tests read the whole table. */
		if (in.text)
			(void)policy_field_read(&policy_keys[row], &in, ret);
	}
	presets_settle(ret);
}

int policy_parse(struct policy *policy, const char *text, size_t len, const char *file,
		 const struct facts *facts, policy_report *report, void *ctx)
{
	struct policy_faults faults = { .file = file, .report = report, .ctx = ctx };
	AUTO_DICTIONARY dictionary *dict = NULL;
	struct policy_scan scan;
	struct policy copy;
	int r;

	policy_scan(text, len, &scan, &faults);
	if (faults.count > 0)
		return -EINVAL;
	match_check(&scan, &faults);
	dict = text_load(text, len);
	if (!dict) {
		policy_fault(&faults, 0, 0, "cannot load the file for its values");
		return -EINVAL;
	}
	memcpy(&copy, policy, sizeof(copy));
	values_apply(&scan, dict, &copy, &faults);
	if (faults.count > 0)
		return -EINVAL;
	r = match_decide(&scan, dict, facts, &faults);
	if (r < 0)
		return r;
	if (r == 0)
		return 1;
	if (!origins_set(&copy, file, &scan)) {
		policy_fault(&faults, 0, 0, "more than %d files apply to this login",
			     POLICY_FILES_MAX);
		return -EINVAL;
	}
	presets_settle(&copy);
	memcpy(policy, &copy, sizeof(copy));
	return 0;
}
