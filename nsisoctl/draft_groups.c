/* Users for whom a draft changes the same; see draft_groups.h. */
#include "draft_groups.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "errmsg.h"
#include "show.h"

int groups_add_text(struct draft_groups *groups, const char *user, const char *text,
		    struct errmsg *e)
{
	struct draft_group *group = NULL;

	for (unsigned i = 0; i < groups->count && !group; i++)
		if (strcmp(groups->list[i].text, text) == 0)
			group = &groups->list[i];
	if (!group && groups->count == GROUPS_KEPT) {
		groups->other++;
		return 0;
	}
	if (!group) {
		group = &groups->list[groups->count];
		group->text = strdup(text);
		if (!group->text)
			return errmsg_set(e, -ENOMEM, "cannot compare the policies");
		groups->count++;
	}
	if (group->count < GROUP_NAMES)
		(void)snprintf(group->names[group->count], sizeof(group->names[0]), "%s", user);
	group->count++;
	return 0;
}

int groups_add(struct draft_groups *groups, const char *user, const struct show_result *old,
	       const struct show_result *new, struct errmsg *e)
{
	AUTO_FREE char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	bool differs;

	if (!out)
		return errmsg_set(e, -errno, "cannot compare the policies");
	differs = show_diff(old, new, out);
	if (fclose(out) != 0)
		return errmsg_set(e, -ENOMEM, "cannot compare the policies");
	if (differs)
		return groups_add_text(groups, user, text, e);
	return 0;
}

static void group_print(const struct draft_group *group, FILE *out)
{
	const char *line = group->text;

	for (unsigned i = 0; i < group->count && i < GROUP_NAMES; i++)
		(void)fprintf(out, "%s%s", i > 0 ? ", " : "", group->names[i]);
	if (group->count > GROUP_NAMES)
		(void)fprintf(out, " and %u more", group->count - GROUP_NAMES);
	(void)fputs(":\n", out);
	while (*line != '\0') {
		size_t len = strcspn(line, "\n");

		(void)fprintf(out, "  %.*s\n", (int)len, line);
		line += len + (line[len] != '\0');
	}
}

int groups_text(const struct draft_groups *groups, char **ret, struct errmsg *e)
{
	size_t len = 0;
	FILE *out = open_memstream(ret, &len);

	if (!out)
		return errmsg_set(e, -errno, "cannot compare the policies");
	for (unsigned i = 0; i < groups->count; i++)
		group_print(&groups->list[i], out);
	if (groups->other > 0)
		(void)fprintf(out, "%u more users: other changes\n", groups->other);
	if (groups->count == 0)
		(void)fputs("nothing changes for anybody's login by ssh\n", out);
	if (fclose(out) != 0)
		return errmsg_set(e, -ENOMEM, "cannot compare the policies");
	return 0;
}

void groups_done(struct draft_groups *groups)
{
	for (unsigned i = 0; i < groups->count; i++)
		free(groups->list[i].text);
	memset(groups, 0, sizeof(*groups));
}
