/* Which file an admin means; see target.h. */
#include "target.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "errmsg.h"
#include "policy.h"
#include "policy_names.h"

void target_split(const struct target *target, char ret_folder[16], const char **ret_name)
{
	const char *slash = strchr(target->file, '/');

	(void)snprintf(ret_folder, 16, "%.*s", slash ? (int)(slash - target->file) : 1,
		       slash ? target->file : ".");
	*ret_name = slash ? slash + 1 : target->file;
}

static bool begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Without ".conf" at its end. */
static size_t stem_length(const char *name)
{
	size_t len = strlen(name);

	return len > 5 && strcmp(name + len - 5, ".conf") == 0 ? len - 5 : len;
}

static int conf_set(const char *name, struct target *ret, struct errmsg *e)
{
	char file[64];

	if ((size_t)snprintf(file, sizeof(file), "%.*s.conf", (int)stem_length(name), name) >=
		    sizeof(file) ||
	    *name == '.' || *name == '\0' || !policy_name_is_safe(file))
		return errmsg_setx(e, -EINVAL,
				   "conf.d/%s: a name of letters, digits, '.', '_', '-' is needed",
				   name);
	memset(ret, 0, sizeof(*ret));
	(void)snprintf(ret->file, sizeof(ret->file), "conf.d/%.56s", file);
	return 0;
}

static int user_set(const char *name, struct target *ret, struct errmsg *e)
{
	char user[NSISO_USER_MAX + 1];

	(void)snprintf(user, sizeof(user), "%.*s", (int)stem_length(name), name);
	if (stem_length(name) > NSISO_USER_MAX - 1 || !policy_user_is_safe(user))
		return errmsg_setx(e, -EINVAL,
				   "'%s' is neither a user name, default nor conf.d/NAME", name);
	memset(ret, 0, sizeof(*ret));
	(void)snprintf(ret->user, sizeof(ret->user), "%.32s", user);
	(void)snprintf(ret->file, sizeof(ret->file), "users.d/%.32s.conf", user);
	return 0;
}

int target_parse(const char *text, struct target *ret, struct errmsg *e)
{
	if (strcmp(text, "default") == 0 || strcmp(text, "default.conf") == 0) {
		memset(ret, 0, sizeof(*ret));
		(void)snprintf(ret->file, sizeof(ret->file), "default.conf");
		return 0;
	}
	if (begins_with(text, "conf.d/"))
		return conf_set(text + strlen("conf.d/"), ret, e);
	if (begins_with(text, "users.d/"))
		return user_set(text + strlen("users.d/"), ret, e);
	return user_set(text, ret, e);
}

int target_of_path(const char *path, const char *user, struct target *ret, struct errmsg *e)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	const char *folder = name;

	if (strcmp(name, "default.conf") == 0)
		return target_parse("default", ret, e);
	while (folder > path && (folder == name || folder[-1] != '/'))
		folder--;
	if (begins_with(folder, "conf.d/") || begins_with(folder, "users.d/"))
		return target_parse(folder, ret, e);
	return user_set(user, ret, e);
}
