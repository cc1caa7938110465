/* Changing single keys of a policy file; see ini_edit.h. */
#include "ini_edit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "errmsg.h"
#include "policy_keys.h"

/* Where things of one key are in a text, as offsets of lines; none: NOWHERE. */
#define NOWHERE ((size_t)-1)

struct places {
	size_t key;     /* the line that sets it */
	size_t example; /* behind a comment "#key = value" */
	size_t end;     /* behind the last line of its section that is not blank */
};

static size_t line_end(const char *text, size_t at)
{
	at += strcspn(text + at, "\n");
	return text[at] == '\n' ? at + 1 : at;
}

/* Whether "name =" or "name? =" stands there. */
static bool has_key(const char *line, const char *name)
{
	size_t len = strlen(name);

	if (strncmp(line, name, len) != 0)
		return false;
	line += len;
	line += *line == '?';
	return line[strspn(line, " \t")] == '=';
}

static bool is_section(const char *line, const char *name)
{
	size_t len = strlen(name);

	return *line == '[' && strncmp(line + 1, name, len) == 0 && line[len + 1] == ']';
}

static void places_find(const char *text, const struct policy_key *key, struct places *ret)
{
	bool is_in = false;

	*ret = (struct places){ NOWHERE, NOWHERE, NOWHERE };
	for (size_t at = 0; text[at] != '\0'; at = line_end(text, at)) {
		const char *line = text + at + strspn(text + at, " \t");

		if (*line == '[')
			is_in = is_section(line, key->section);
		if (!is_in)
			continue;
		if (*line != '\n' && *line != '\0')
			ret->end = line_end(text, at);
		if (has_key(line, key->name))
			ret->key = at;
		else if (*line == '#' && has_key(line + 1 + strspn(line + 1, " \t"), key->name))
			ret->example = line_end(text, at);
	}
}

/* text with the part from begin to end replaced. */
static int part_replace(char **text, size_t begin, size_t end, const char *new, struct errmsg *e)
{
	char *made = NULL;

	if (asprintf(&made, "%.*s%s%s", (int)begin, *text, new, *text + end) < 0)
		return errmsg_set(e, -ENOMEM, "cannot change the text");
	free(*text);
	*text = made;
	return 0;
}

/* A value that the reader would cut or refuse stands in quotes. */
static const char *quote_of(const char *value)
{
	size_t len = strlen(value);

	if (strchr(value, '"') || len == 0)
		return "";
	return strpbrk(value, "#;") || value[0] == ' ' || value[len - 1] == ' ' ? "\"" : "";
}

int ini_set(char **text, const struct policy_key *key, const char *value, bool is_optional,
	    struct errmsg *e)
{
	AUTO_FREE char *line = NULL;
	AUTO_FREE char *section = NULL;
	const char *quote = quote_of(value);
	size_t len = strlen(*text);
	struct places places;
	size_t at;

	if (asprintf(&line, "%s%s =%s%s%s%s\n", key->name, is_optional ? "?" : "",
		     *value != '\0' ? " " : "", quote, value, quote) < 0)
		return errmsg_set(e, -ENOMEM, "cannot change the text");
	places_find(*text, key, &places);
	if (places.key != NOWHERE) {
		at = places.key + strspn(*text + places.key, " \t");
		return part_replace(text, at, line_end(*text, at), line, e);
	}
	at = places.example != NOWHERE ? places.example : places.end;
	if (at != NOWHERE)
		return part_replace(text, at, at, line, e);
	if (asprintf(&section, "%s[%s]\n%s", len > 0 ? "\n" : "", key->section, line) < 0)
		return errmsg_set(e, -ENOMEM, "cannot change the text");
	return part_replace(text, len, len, section, e);
}

int ini_unset(char **text, const struct policy_key *key, struct errmsg *e)
{
	struct places places;

	places_find(*text, key, &places);
	if (places.key == NOWHERE)
		return 0;
	if (part_replace(text, places.key, line_end(*text, places.key), "", e) < 0)
		return e->code;
	return 1;
}
