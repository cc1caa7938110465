/*
 * From the text of a key to its field in struct policy and back: one reader and one writer for each
 * type of the key table.  What is written reads back to the same field.
 */
#include "policy_field.h"

#include <cap-ng.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "policy.h"
#include "policy_limit.h"
#include "policy_list.h"
#include "policy_value.h"

#define TMPFS_SIZE (512ULL << 20)
#define TMPFS_INODES 131072
#define TMPFS_INODES_MIN 16
#define TMPFS_INODES_MAX (1ULL << 32)

typedef int field_read(const struct policy_key *key, struct policy_input *in, void *field);
typedef void field_write(const struct policy_key *key, const void *field, FILE *out);

static int word_read(const struct policy_key *key, struct policy_input *in, void *field)
{
	unsigned word = 0;

	if (value_word(in->text, key->words, &word, &in->e) < 0)
		return in->e.code;
	*(unsigned *)field = word;
	return 0;
}

static void word_print(const char *words, unsigned number, FILE *out)
{
	for (; number > 0; number--)
		words = strchr(words, ' ') + 1;
	(void)fprintf(out, "%.*s", (int)strcspn(words, " "), words);
}

static void word_write(const struct policy_key *key, const void *field, FILE *out)
{
	word_print(key->words, *(const unsigned *)field, out);
}

static int flag_read(const struct policy_key *key, struct policy_input *in, void *field)
{
	unsigned word = 0;

	if (value_word(in->text, key->words, &word, &in->e) < 0)
		return in->e.code;
	*(bool *)field = word == 1;
	return 0;
}

static void flag_write(const struct policy_key *key, const void *field, FILE *out)
{
	word_print(key->words, *(const bool *)field ? 1 : 0, out);
}

static int bool_read(const struct policy_key *key, struct policy_input *in, void *field)
{
	(void)key;
	return value_bool(in->text, field, &in->e);
}

static void bool_write(const struct policy_key *key, const void *field, FILE *out)
{
	(void)key;
	(void)fputs(*(const bool *)field ? "yes" : "no", out);
}

/* "no" is 0, "yes" has no end. */
static int duration_read(const struct policy_key *key, struct policy_input *in, void *field)
{
	struct errmsg ignored;
	unsigned word = 0;

	if (!key->words || value_word(in->text, key->words, &word, &ignored) < 0)
		return value_duration(in->text, key->max, field, &in->e);
	*(uint32_t *)field = word ? POLICY_FOREVER : 0;
	return 0;
}

static void duration_write(const struct policy_key *key, const void *field, FILE *out)
{
	uint32_t ms = *(const uint32_t *)field;

	if (key->words && (ms == 0 || ms == POLICY_FOREVER))
		(void)fputs(ms ? "yes" : "no", out);
	else if (ms % 1000 == 0)
		(void)fprintf(out, "%" PRIu32 "s", ms / 1000);
	else
		(void)fprintf(out, "%" PRIu32 "ms", ms);
}

static int number_read(const struct policy_key *key, struct policy_input *in, void *field)
{
	uint64_t number = 0;

	if (value_number(in->text, key->min, key->max, &number, &in->e) < 0)
		return in->e.code;
	*(uint32_t *)field = (uint32_t)number;
	return 0;
}

static void number_write(const struct policy_key *key, const void *field, FILE *out)
{
	(void)key;
	(void)fprintf(out, "%" PRIu32, *(const uint32_t *)field);
}

static int seconds_read(const struct policy_key *key, struct policy_input *in, void *field)
{
	return value_number(in->text, key->min, key->max, field, &in->e);
}

static void seconds_write(const struct policy_key *key, const void *field, FILE *out)
{
	(void)key;
	(void)fprintf(out, "%" PRIu64, *(const uint64_t *)field);
}

/* Every byte of the field: equal policies are equal bytes. */
static void text_set(void *field, size_t size, const char *text)
{
	memset(field, 0, size);
	memcpy(field, text, strlen(text));
}

static int path_read(const struct policy_key *key, struct policy_input *in, void *field)
{
	(void)key;
	if (value_path(in->text, &in->e) < 0)
		return in->e.code;
	text_set(field, NSISO_PATH_MAX, in->text);
	return 0;
}

static int parent_read(const struct policy_key *key, struct policy_input *in, void *field)
{
	if (strcmp(in->text, "self") != 0)
		return path_read(key, in, field);
	text_set(field, NSISO_PATH_MAX, in->text);
	return 0;
}

static int hostname_read(const struct policy_key *key, struct policy_input *in, void *field)
{
	(void)key;
	if (value_hostname(in->text, &in->e) < 0)
		return in->e.code;
	text_set(field, sizeof(((struct policy *)NULL)->uts.hostname), in->text);
	return 0;
}

static void text_write(const struct policy_key *key, const void *field, FILE *out)
{
	bool is_quoted = strpbrk(field, "#;\"\\ ") != NULL;

	(void)key;
	(void)fprintf(out, is_quoted ? "\"%s\"" : "%s", (const char *)field);
}

/* "tmpfs:SIZE[:INODES]" */
static int tmpfs_sized_read(const struct policy_key *key, struct policy_input *in,
			    struct policy_tmpfs *ret)
{
	const char *size = in->text + strlen("tmpfs:");
	const char *inodes = strchr(size, ':');
	char text[32];
	size_t len = inodes ? (size_t)(inodes - size) : strlen(size);

	in->at = (size_t)(size - in->text);
	if (len >= sizeof(text))
		return errmsg_setx(&in->e, -EINVAL, "'%s' is not a size", size);
	memcpy(text, size, len);
	text[len] = '\0';
	if (value_size(text, key->min, key->max, &ret->size, &in->e) < 0)
		return in->e.code;
	ret->inodes = TMPFS_INODES;
	if (!inodes)
		return 0;
	in->at = (size_t)(inodes + 1 - in->text);
	return value_number(inodes + 1, TMPFS_INODES_MIN, TMPFS_INODES_MAX, &ret->inodes, &in->e);
}

static int tmpfs_read(const struct policy_key *key, struct policy_input *in, void *field)
{
	struct policy_tmpfs *tmpfs = field;
	struct policy_tmpfs value = { .private = true, .size = TMPFS_SIZE, .inodes = TMPFS_INODES };

	if (strncmp(in->text, "tmpfs:", strlen("tmpfs:")) == 0) {
		if (tmpfs_sized_read(key, in, &value) < 0)
			return in->e.code;
	} else if (strcmp(in->text, "shared") == 0) {
		value.private = false;
		value.size = value.inodes = 0;
	} else if (strcmp(in->text, "private") != 0) {
		return errmsg_setx(&in->e, -EINVAL,
				   "'%s' is none of private, shared, tmpfs:SIZE[:INODES]",
				   in->text);
	}
	tmpfs->private = value.private;
	tmpfs->size = value.size;
	tmpfs->inodes = value.inodes;
	return 0;
}

static void size_print(uint64_t size, FILE *out)
{
	char text[VALUE_SIZE_MAX];

	(void)fputs(value_size_text(size, text), out);
}

static void tmpfs_write(const struct policy_key *key, const void *field, FILE *out)
{
	const struct policy_tmpfs *tmpfs = field;

	(void)key;
	if (!tmpfs->private || (tmpfs->size == TMPFS_SIZE && tmpfs->inodes == TMPFS_INODES)) {
		(void)fputs(tmpfs->private ? "private" : "shared", out);
		return;
	}
	(void)fputs("tmpfs:", out);
	size_print(tmpfs->size, out);
	if (tmpfs->inodes != TMPFS_INODES)
		(void)fprintf(out, ":%" PRIu64, tmpfs->inodes);
}

static int paths_read(const struct policy_key *key, struct policy_input *in, void *field)
{
	enum policy_list_kind kind = key->type == KEY_BINDS ? LIST_BINDS : LIST_PATHS;

	return policy_list_read(in->text, kind, field, &in->at, &in->e);
}

static void paths_write(const struct policy_key *key, const void *field, FILE *out)
{
	(void)key;
	policy_list_write(field, out);
}

/* The field is mount.suid, and mount.suid_paths goes with it. */
static struct policy *policy_of_suid(const void *field)
{
	return (struct policy *)((uintptr_t)field - offsetof(struct policy, mount.suid));
}

static int suid_read(const struct policy_key *key, struct policy_input *in, void *field)
{
	struct policy *policy = policy_of_suid(field);
	bool is_yes = strcmp(in->text, "yes") == 0;

	(void)key;
	if (*in->text == '/') {
		if (policy_list_read(in->text, LIST_PATHS_PLAIN, &policy->mount.suid_paths, &in->at,
				     &in->e) < 0)
			return in->e.code;
		policy->mount.suid = SUID_PATHS;
		return 0;
	}
	if (!is_yes && strcmp(in->text, "no") != 0)
		return errmsg_setx(&in->e, -EINVAL, "'%s' is neither yes, no nor absolute paths",
				   in->text);
	policy->mount.suid = is_yes ? SUID_YES : SUID_NO;
	memset(&policy->mount.suid_paths, 0, sizeof(policy->mount.suid_paths));
	return 0;
}

static void suid_write(const struct policy_key *key, const void *field, FILE *out)
{
	const struct policy *policy = policy_of_suid(field);

	(void)key;
	if (policy->mount.suid == SUID_PATHS)
		policy_list_write(&policy->mount.suid_paths, out);
	else
		(void)fputs(policy->mount.suid == SUID_YES ? "yes" : "no", out);
}

static int caps_read(const struct policy_key *key, struct policy_input *in, void *field)
{
	(void)key;
	return value_caps(in->text, field, &in->at, &in->e);
}

static void caps_write(const struct policy_key *key, const void *field, FILE *out)
{
	uint64_t caps = *(const uint64_t *)field;
	bool is_first = true;

	(void)key;
	if (caps == 0)
		(void)fputs("none", out);
	for (unsigned number = 0; number < 64; number++) {
		const char *name;

		if (!(caps & 1ULL << number))
			continue;
		name = capng_capability_to_name(number);
		(void)fprintf(out, "%s%s", is_first ? "" : " ", name ? name : "?");
		is_first = false;
	}
}

static const struct {
	field_read *read;
	field_write *write;
} types[KEY_TYPE_COUNT] = {
	[KEY_WORD] = { word_read, word_write },
	[KEY_FLAG] = { flag_read, flag_write },
	[KEY_BOOL] = { bool_read, bool_write },
	[KEY_DURATION] = { duration_read, duration_write },
	[KEY_NUMBER] = { number_read, number_write },
	[KEY_SECONDS] = { seconds_read, seconds_write },
	[KEY_PATH] = { path_read, text_write },
	[KEY_PARENT] = { parent_read, text_write },
	[KEY_HOSTNAME] = { hostname_read, text_write },
	[KEY_TMPFS] = { tmpfs_read, tmpfs_write },
	[KEY_PATHS] = { paths_read, paths_write },
	[KEY_BINDS] = { paths_read, paths_write },
	[KEY_SUID] = { suid_read, suid_write },
	[KEY_CAPS] = { caps_read, caps_write },
	[KEY_SIZE] = { policy_limit_read, policy_limit_write },
	[KEY_COUNT] = { policy_limit_read, policy_limit_write },
	[KEY_WEIGHT] = { policy_limit_read, policy_limit_write },
	[KEY_SWITCH] = { policy_limit_read, policy_limit_write },
	[KEY_CPU] = { policy_limit_read, policy_limit_write },
	[KEY_SET] = { policy_limit_read, policy_limit_write },
	[KEY_DEVICES] = { policy_limit_read, policy_limit_write },
};

int policy_field_read(const struct policy_key *key, struct policy_input *in, struct policy *policy)
{
	in->at = 0;
	return types[key->type].read(key, in, (char *)policy + key->offset);
}

void policy_field_write(const struct policy_key *key, const struct policy *policy, FILE *out)
{
	types[key->type].write(key, (const char *)policy + key->offset, out);
}

bool policy_field_is_empty(const struct policy_key *key, const struct policy *policy)
{
	const struct policy_list *list = (const void *)((const char *)policy + key->offset);

	return policy_key_is_list(key) && list->count == 0;
}

const struct policy_limit *policy_field_limit(const struct policy_key *key,
					      const struct policy *policy)
{
	if (!policy_key_is_limit(key))
		return NULL;
	return (const void *)((const char *)policy + key->offset);
}
