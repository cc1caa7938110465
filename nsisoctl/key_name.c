/* Keys as admins name them; see key_name.h. */
#include "key_name.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "errmsg.h"
#include "policy_keys.h"

static bool is_name(const char *known, const char *name, size_t len)
{
	return strlen(known) == len && memcmp(known, name, len) == 0;
}

static bool is_full_name(const struct policy_key *key, const char *name, size_t len)
{
	size_t section = strlen(key->section);

	return len > section && memcmp(name, key->section, section) == 0 && name[section] == '.' &&
	       is_name(key->name, name + section + 1, len - section - 1);
}

/* All sections that have the key. */
static void choices_list(const char *name, size_t len, char *ret, size_t size)
{
	size_t used = 0;

	ret[0] = '\0';
	for (int row = 0; row < ROW_COUNT && used < size; row++)
		if (is_name(policy_keys[row].name, name, len))
			used += (size_t)snprintf(ret + used, size - used, "%s%s.%s",
						 used > 0 ? ", " : "", policy_keys[row].section,
						 policy_keys[row].name);
}

static const char *like_find(const char *name, size_t len)
{
	for (int row = 0; row < ROW_COUNT; row++) {
		const char *like = policy_key_like(row, name, len);

		if (like)
			return like;
	}
	return NULL;
}

const struct policy_key *key_name_find(const char *name, size_t len, struct errmsg *e)
{
	const struct policy_key *found = NULL;
	char choices[256];
	unsigned count = 0;
	const char *like;

	for (int row = 0; row < ROW_COUNT; row++) {
		if (is_full_name(&policy_keys[row], name, len))
			return &policy_keys[row];
		if (is_name(policy_keys[row].name, name, len)) {
			found = &policy_keys[row];
			count++;
		}
	}
	if (count == 1)
		return found;
	if (count > 1) {
		choices_list(name, len, choices, sizeof(choices));
		(void)errmsg_setx(e, -EINVAL, "'%.*s' is in several sections: %s", (int)len, name,
				  choices);
		return NULL;
	}
	like = like_find(name, len);
	(void)errmsg_setx(e, -EINVAL, "there is no key '%.*s'%s%s%s", (int)len, name,
			  like ? ": did you mean '" : "", like ? like : "", like ? "'?" : "");
	return NULL;
}
