/*
 * nsisoctl keys: the key table as text, for people, completions and the tests of the manual page.
 */
#include <stdio.h>
#include <string.h>

#include "key_form.h"
#include "nsisoctl.h"
#include "policy_keys.h"

static void key_print(const struct policy_key *key)
{
	const char *preset = key->preset ? key->preset : "-";

	const char *words = key_form_words(key);

	/* Columns between tabs; "-" is a key without a default, or without words. */
	(void)printf("%s\t%s\t%s\t%s\t%s\t%s\n", key->section, key->name, preset, key->help,
		     key_form_kind(key), words ? words : "-");
}

int cmd_keys(int argc, char **argv)
{
	int section = -1;

	if (argc > 2 || (argc == 2 && argv[1][0] == '-'))
		return usage_print("keys");
	if (argc == 2) {
		section = policy_key_section(argv[1], strlen(argv[1]));
		if (section < 0) {
			(void)fprintf(stderr, "nsisoctl: unknown section '%s'\n", argv[1]);
			return STATUS_FAULT;
		}
	}
	for (int row = 0; row < ROW_COUNT; row++)
		if (section < 0 ||
		    strcmp(policy_keys[row].section, policy_keys[section].section) == 0)
			key_print(&policy_keys[row]);
	return STATUS_OK;
}
