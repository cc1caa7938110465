/* What values look like; see key_form.h. */
#include "key_form.h"

#include <stddef.h>

#include "policy_keys.h"

static const struct {
	const char *kind;
	const char *words; /* where the table of keys has none */
	const char *text;
} forms[KEY_TYPE_COUNT] = {
	[KEY_WORD] = { "word", NULL, NULL },
	[KEY_FLAG] = { "word", NULL, NULL },
	[KEY_BOOL] = { "boolean", NULL, NULL },
	[KEY_DURATION] = { "duration", NULL, "a number with ms, s, m, h or d" },
	[KEY_SECONDS] = { "seconds", NULL, "a number of seconds" },
	[KEY_NUMBER] = { "number", NULL, "a number" },
	[KEY_PATH] = { "path", NULL, "an absolute path" },
	[KEY_PARENT] = { "path", "self", "an absolute path" },
	[KEY_HOSTNAME] = { "hostname", NULL, "a host name; %u is the user, %h the host's name" },
	[KEY_TMPFS] = { "tmpfs", "private shared tmpfs:", "tmpfs:SIZE or tmpfs:SIZE:INODES" },
	[KEY_PATHS] = { "paths", NULL,
			"absolute paths between spaces; one with '-' before it may be missing" },
	[KEY_BINDS] = { "binds", NULL, "SRC:DST or SRC:DST:ro, between spaces" },
	[KEY_SUID] = { "suid", "no yes", "absolute paths of programs between spaces" },
	[KEY_CAPS] = { "capabilities", "none", "names of capabilities between spaces" },
	[KEY_SIZE] = { "size", "max", "a number with K, M, G or T, or N% of the memory" },
	[KEY_COUNT] = { "count", "max", "a number, or N% of all processes" },
	[KEY_WEIGHT] = { "weight", NULL, "a number" },
	[KEY_SWITCH] = { "switch", "0 1", NULL },
	[KEY_SET] = { "set", NULL, "numbers and ranges of them: 0-3,8" },
	[KEY_DEVICES] = { "devices", NULL,
			  "PATH rbps=SIZE wbps=SIZE riops=N wiops=N, PATH ...: rates that are not named are free" },
	[KEY_CPU] = { "cpu", "max",
		      "N%, 100% being one processor, or 'QUOTA PERIOD' in microseconds" },
	[KEY_MATCH] = { "match", NULL, "items between spaces; one with '!' before it excludes" },
};

const char *key_form_kind(const struct policy_key *key)
{
	return forms[key->type].kind;
}

const char *key_form_words(const struct policy_key *key)
{
	return key->words ? key->words : forms[key->type].words;
}

const char *key_form_text(const struct policy_key *key)
{
	return forms[key->type].text;
}
