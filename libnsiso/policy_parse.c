/*
 * One policy file's text laid over a policy: strict scan, values through iniparser, conversion by
 * the key table.  All or nothing.  What iniparser hands back must be what the scan saw.
 */
#include "policy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "errmsg.h"
#include "policy_fault.h"
#include "policy_field.h"
#include "policy_ini.h"
#include "policy_match.h"
#include "policy_scan.h"

#define NAME_MAX_FULL 64 /* "section:key?" */

/* Whether iniparser reads the same value as the scan did. */
static bool is_agreed(const dictionary *dict, const struct policy_key *key,
		      const struct policy_item *item, const char *text)
{
	char name[NAME_MAX_FULL];
	const char *other;

	(void)snprintf(name, sizeof(name), "%s:%s%s", key->section, key->name,
		       item->optional ? "?" : "");
	other = iniparser_getstring(dict, name, NULL);
	return other && strcmp(other, text) == 0;
}

static const char *item_text(const struct policy_item *item, char *buffer)
{
	memcpy(buffer, item->text, item->len);
	buffer[item->len] = '\0';
	return buffer;
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

/* The rows of the keys that the file has, in the order of its lines; returns how many. */
static unsigned rows_sort(const struct policy_scan *scan, enum key_row *ret)
{
	unsigned count = 0;

	for (int row = 0; row < ROW_COUNT; row++) {
		unsigned at = count;

		/* A value that the scan could not read has no text. */
		if (scan->items[row].line == 0 || !scan->items[row].text)
			continue;
		for (; at > 0 && scan->items[ret[at - 1]].line > scan->items[row].line; at--)
			ret[at] = ret[at - 1];
		ret[at] = (enum key_row)row;
		count++;
	}
	return count;
}

/* dict may be NULL when the scan has found faults: then the values are read for more of them. */
static void values_apply(const struct policy_scan *scan, const dictionary *dict,
			 struct policy *policy, struct policy_faults *faults)
{
	enum key_row rows[ROW_COUNT];
	unsigned count = rows_sort(scan, rows);
	char buffer[POLICY_LINE_MAX];

	for (unsigned i = 0; i < count; i++) {
		const struct policy_item *item = &scan->items[rows[i]];
		const char *text = item_text(item, buffer);

		if (dict && !is_agreed(dict, &policy_keys[rows[i]], item, text))
			policy_fault(faults, item->line, item->column, "%s: the value is ambiguous",
				     policy_keys[rows[i]].name);
		else
			key_apply(item, rows[i], text, policy, faults);
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
	char *name;

	if (policy->n_files >= POLICY_FILES_MAX)
		return false;
	name = policy->files[policy->n_files];
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
	AUTO_POLICY_INI dictionary *dict = NULL;
	struct policy_scan scan;
	struct policy copy;
	int r;

	memcpy(&copy, policy, sizeof(copy));
	policy_scan(text, len, &scan, &faults);
	match_check(&scan, &faults);
	if (faults.count == 0)
		dict = policy_ini_load(text, len);
	if (faults.count == 0 && !dict) {
		policy_fault(&faults, 0, 0, "cannot load the file for its values");
		return -EINVAL;
	}
	values_apply(&scan, dict, &copy, &faults);
	if (faults.count > 0)
		return -EINVAL;
	r = facts ? policy_scan_fits(&scan, facts, 0, &faults) : 1;
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
