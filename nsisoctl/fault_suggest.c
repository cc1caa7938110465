/*
 * What could be done about a fault.  All that it knows of keys comes from the key table.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "fault_printer.h"
#include "key_form.h"
#include "policy_keys.h"

#define SUGGESTION_MAX 256
#define QUESTION ": did you mean '"

/* "...: did you mean 'WORD'?" */
static bool question_read(const char *text, char *ret, size_t *ret_cut)
{
	const char *question = strstr(text, QUESTION);
	const char *word;
	const char *end;

	if (!question)
		return false;
	word = question + strlen(QUESTION);
	end = strrchr(word, '\'');
	if (!end || strcmp(end, "'?") != 0)
		return false;
	(void)snprintf(ret, SUGGESTION_MAX, "%.*s", (int)(end - word), word);
	*ret_cut = (size_t)(question - text);
	return true;
}

/* The text between "prefix'" and the next quote; its length, 0: it is not such a text. */
static size_t name_read(const char *text, const char *prefix, const char **ret)
{
	size_t len = strlen(prefix);

	if (strncmp(text, prefix, len) != 0)
		return 0;
	*ret = text + len;
	return strcspn(*ret, "'");
}

/* A key that is right in another section, or the list of those that are. */
static bool key_suggest(const char *text, char *ret)
{
	const char *key = NULL;
	const char *section = strstr(text, "in section '");
	size_t len = name_read(text, "unknown key '", &key);

	if (len == 0 || !section)
		return false;
	for (int row = 0; row < ROW_COUNT; row++) {
		if (strlen(policy_keys[row].name) != len ||
		    memcmp(policy_keys[row].name, key, len) != 0)
			continue;
		(void)snprintf(ret, SUGGESTION_MAX, "%s is a key of [%s]", policy_keys[row].name,
			       policy_keys[row].section);
		return true;
	}
	section += strlen("in section '");
	(void)snprintf(ret, SUGGESTION_MAX, "nsisoctl keys %.*s lists the keys of this section",
		       (int)strcspn(section, "'"), section);
	return true;
}

/* The row of the key whose value the text is about: "KEY: ..." or "'KEY' needs a value". */
static int row_find(const char *text, const char *source)
{
	const char *name = text;
	size_t len = strcspn(text, ":");
	size_t skip = source ? strspn(source, " \t") : 0;

	if (*text == '\'' && strstr(text, "' needs a value")) {
		name = text + 1;
		len = strcspn(name, "'");
	} else if (!source || strncmp(source + skip, text, len) != 0 ||
		   !strchr(" \t?=", source[skip + len])) {
		return -1;
	}
	for (int row = 0; row < ROW_COUNT; row++)
		if (strlen(policy_keys[row].name) == len &&
		    memcmp(policy_keys[row].name, name, len) == 0)
			return row;
	return -1;
}

/* The word that was meant: all that fit are in the text already. */
static bool word_suggest(const char *text, const char *words, char *ret)
{
	const char *value = strchr(text, '\'') + 1;
	const char *word = NULL;
	size_t len = policy_word_like(words, value, strcspn(value, "'"), &word);

	if (len == 0)
		return false;
	(void)snprintf(ret, SUGGESTION_MAX, "%.*s", (int)len, word);
	return true;
}

/* "private, shared or FORM"; a word that is the beginning of what the form describes is left out. */
static void forms_join(const char *words, const char *form, char *ret)
{
	size_t used = 0;

	ret[0] = '\0';
	while (words && *words != '\0' && used < SUGGESTION_MAX) {
		size_t len = strcspn(words, " ");

		if (words[len - 1] != ':')
			used += (size_t)snprintf(ret + used, SUGGESTION_MAX - used, "%s%.*s",
						 used > 0 ? ", " : "", (int)len, words);
		words += len + strspn(words + len, " ");
	}
	if (form && used < SUGGESTION_MAX)
		(void)snprintf(ret + used, SUGGESTION_MAX - used, "%s%s", used > 0 ? " or " : "",
			       form);
}

/* Keys of one name in several sections have values of one kind, or words that the text names. */
static bool value_suggest(const char *text, const char *source, char *ret)
{
	int row = row_find(text, source);
	const char *words;

	if (row < 0)
		return false;
	words = key_form_words(&policy_keys[row]);
	if (strstr(text, "' is none of "))
		return words && word_suggest(text, words, ret);
	/* What else can be wrong, such as an item that is there twice, is no question of the form. */
	if (!strstr(text, " is not ") && !strstr(text, "needs a value"))
		return false;
	forms_join(words, key_form_text(&policy_keys[row]), ret);
	return true;
}

static bool owner_suggest(const char *file, const char *text, char *ret)
{
	if (strcmp(text, "does not belong to root") == 0)
		(void)snprintf(ret, SUGGESTION_MAX, "chown root:root %s", file);
	else if (strcmp(text, "is writable by group or others") == 0)
		(void)snprintf(ret, SUGGESTION_MAX, "chmod go-w %s", file);
	else
		return false;
	return true;
}

const char *fault_suggest(const char *file, const char *text, const char *source, char ret[256],
			  size_t *ret_cut)
{
	if (question_read(text, ret, ret_cut))
		return ret;
	*ret_cut = strlen(text);
	if (key_suggest(text, ret) || value_suggest(text, source, ret) ||
	    owner_suggest(file, text, ret))
		return ret;
	return NULL;
}
