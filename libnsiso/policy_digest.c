/* What the record keeps of a policy; see policy_digest.h. */
#include "policy_digest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "policy.h"

#define NAME_CHARS (POLICY_DIGEST_KEY / 2)
#define HASH_BEGIN UINT64_C(0xcbf29ce484222325)

static uint64_t hash_on(uint64_t hash, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static unsigned fold(uint64_t hash)
{
	return (unsigned)(hash ^ hash >> 16 ^ hash >> 32 ^ hash >> 48) & 0xffff;
}

static unsigned name_fold(const char *section, size_t section_len, const char *name, size_t len)
{
	return fold(hash_on(hash_on(HASH_BEGIN, section, section_len), name, len));
}

/* The lines of policy_print(): "[section]", "name = value", "name? = value", and empty ones. */
static void keys_write(const char *text, char ret[POLICY_DIGEST_KEYS_MAX])
{
	const char *section = "", *end;
	size_t section_len = 0, len, used = 0;

	ret[0] = '\0';
	for (; (end = strchr(text, '\n')); text = end + 1) {
		if (*text == '[') {
			section = text + 1;
			section_len = strcspn(section, "]");
		} else if (text != end && used + POLICY_DIGEST_KEY < POLICY_DIGEST_KEYS_MAX) {
			len = strcspn(text, "? ");
			(void)snprintf(
				ret + used, POLICY_DIGEST_KEY + 1, "%04x%04x",
				name_fold(section, section_len, text, len),
				fold(hash_on(HASH_BEGIN, text + len, (size_t)(end - text) - len)));
			used += POLICY_DIGEST_KEY;
		}
	}
}

int policy_digest(const struct policy *policy, struct policy_digest *ret)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return -ENOMEM;
	policy_print(policy, NULL, out);
	if (fclose(out) != 0 || !text)
		return -ENOMEM;
	ret->hash = hash_on(HASH_BEGIN, text, size);
	keys_write(text, ret->keys);
	return 0;
}

/* The value of a key, of NAME_CHARS; NULL: the text does not have it. */
static const char *value_find(const char *keys, const char *name)
{
	for (; strlen(keys) >= POLICY_DIGEST_KEY; keys += POLICY_DIGEST_KEY)
		if (strncmp(keys, name, NAME_CHARS) == 0)
			return keys + NAME_CHARS;
	return NULL;
}

unsigned policy_digest_differs(const struct policy_digest *digest, const char *keys,
			       bool ret[ROW_COUNT])
{
	unsigned n = 0;

	for (int row = 0; row < ROW_COUNT; row++) {
		const struct policy_key *key = &policy_keys[row];
		const char *value, *other;
		char name[NAME_CHARS + 1];

		(void)snprintf(name, sizeof(name), "%04x",
			       name_fold(key->section, strlen(key->section), key->name,
					 strlen(key->name)));
		value = value_find(digest->keys, name);
		other = value_find(keys, name);
		ret[row] = value && other ? strncmp(value, other, NAME_CHARS) != 0 : value != other;
		n += ret[row];
	}
	return n;
}
