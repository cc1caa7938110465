/* Groups that make root of their members, and subordinate ids that are somebody's own. */
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "doctor.h"
#include "doctor_accounts.h"
#include "policy.h"
#include "root_groups.h"

static const struct doctor_rule rule_group = {
	"group-root", SEVERITY_PROBLEM,
	"members have root of the host do things for them, or read its disks",
	"take the user out of the group, or name its socket in [mount] hide"
};
static const struct doctor_rule rule_subid = {
	"subid-real", SEVERITY_PROBLEM,
	"with [user] map = root its owner becomes that account in its instance's files",
	"move the range above all accounts"
};
static const struct doctor_rule rule_subid_shared = {
	"subid-shared", SEVERITY_PROBLEM, "each owner has the other's files and processes",
	"give each a range of its own"
};
static const struct doctor_rule rule_subid_line = { "subid-line", SEVERITY_WARNING,
						    "it gives nobody any ids",
						    "write OWNER:START:COUNT" };

unsigned doctor_doors(const struct policy *policy)
{
	unsigned open = 0;

	for (unsigned i = 0; i < ROOT_GROUPS; i++)
		open |= root_group_is_open(&root_groups[i], policy) ? 1U << i : 0;
	return open;
}

static void member_check(struct doctor *d, unsigned door, const char *name, unsigned line)
{
	const struct doctor_account *account = account_find(d->users, name);

	if (account && account->is_isolated && (account->open_doors & 1U << door))
		doctor_add(d, &rule_group, "/etc/group", line, "%s is a member of %s", name,
			   root_groups[door].name);
}

static void primary_check(struct doctor *d, unsigned door, unsigned long gid)
{
	for (size_t i = 0; i < d->users->n; i++) {
		const struct doctor_account *account = &d->users->accounts[i];

		if (account->gid == gid && account->is_isolated &&
		    (account->open_doors & 1U << door))
			doctor_add(d, &rule_group, "/etc/passwd", account->line,
				   "the group of %s is %s", account->name, root_groups[door].name);
	}
}

void doctor_groups(struct doctor *d)
{
	AUTO_FREE char *text = doctor_read(d, "/etc/group");
	struct doctor_text lines = { .at = text };
	char *line, *field[4], *name;
	unsigned long gid;
	unsigned i;

	while (text && (line = doctor_line(&lines, false))) {
		if (fields_read(line, field, 4) != 4)
			continue;
		for (i = 0; i < ROOT_GROUPS && strcmp(root_groups[i].name, field[0]) != 0; i++)
			;
		if (i == ROOT_GROUPS)
			continue;
		while ((name = strsep(&field[3], ",")))
			member_check(d, i, name, lines.line);
		if (number_read(field[2], &gid))
			primary_check(d, i, gid);
	}
}

/* A line of /etc/subuid or /etc/subgid. */
struct range {
	char owner[64];
	unsigned long start, count;
	unsigned line;
};

/* The ranges of a file; their number.  *ret is for free(). */
static size_t ranges_read(struct doctor *d, const char *file, struct range **ret)
{
	AUTO_FREE char *text = doctor_read(d, file);
	struct doctor_text lines = { .at = text };
	char *line, *field[3];
	size_t n = 0;

	*ret = NULL;
	while (text && (line = doctor_line(&lines, false))) {
		struct range *all, new = { .line = lines.line };

		if (*line == '\0' || *line == '#')
			continue;
		if (fields_read(line, field, 3) != 3 || !number_read(field[1], &new.start) ||
		    !number_read(field[2], &new.count)) {
			doctor_add(d, &rule_subid_line, file, lines.line, "'%s' is no range", line);
			continue;
		}
		all = reallocarray(*ret, n + 1, sizeof(*all));
		if (!all) {
			d->is_out_of_memory = true;
			return n;
		}
		(void)snprintf(new.owner, sizeof(new.owner), "%s", field[0]);
		*ret = all;
		all[n++] = new;
	}
	return n;
}

static bool has_id(const struct range *range, unsigned long id)
{
	return id >= range->start && id - range->start < range->count;
}

static void overlaps_check(struct doctor *d, const char *file, const struct range *ranges, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(ranges[i].owner, ranges[k].owner) != 0 &&
			    (has_id(&ranges[i], ranges[k].start) ||
			     has_id(&ranges[k], ranges[i].start)))
				doctor_add(d, &rule_subid_shared, file, ranges[i].line,
					   "the range of %s overlaps that of %s", ranges[i].owner,
					   ranges[k].owner);
}

/* The first account (its field `id`) that a range covers says enough. */
static void covers_check(struct doctor *d, const char *file, const struct range *range,
			 const char *accounts, int id)
{
	AUTO_FREE char *text = doctor_read(d, accounts);
	struct doctor_text lines = { .at = text };
	unsigned long number;
	char *line, *field[4];

	while (text && (line = doctor_line(&lines, false))) {
		if (fields_read(line, field, 4) <= id || !number_read(field[id], &number) ||
		    !has_id(range, number) || number == 65534)
			continue;
		doctor_add(d, &rule_subid, file, range->line, "the range of %s has id %lu of %s",
			   range->owner, number, field[0]);
		return;
	}
}

void doctor_subids(struct doctor *d)
{
	static const char *const files[2][2] = { { "/etc/subuid", "/etc/passwd" },
						 { "/etc/subgid", "/etc/group" } };

	for (int i = 0; i < 2; i++) {
		struct range *ranges;
		size_t n = ranges_read(d, files[i][0], &ranges);

		overlaps_check(d, files[i][0], ranges, n);
		for (size_t k = 0; k < n; k++)
			covers_check(d, files[i][0], &ranges[k], files[i][1], 2);
		free(ranges);
	}
}
