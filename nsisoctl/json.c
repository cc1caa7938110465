/* Writing JSON; see json.h. */
#include "json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The bytes of the UTF-8 character at text (RFC 3629), or 0 when there is none. */
static size_t character_length(const unsigned char *text)
{
	static const struct {
		unsigned char first, last;   /* of the first byte */
		unsigned char second, upper; /* of the second one */
		size_t length;
	} forms[] = {
		{ 0x00, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (text[0] < forms[i].first || text[0] > forms[i].last)
			continue;
		if (forms[i].length > 1 && (text[1] < forms[i].second || text[1] > forms[i].upper))
			return 0;
		/* A NUL is none of these, so nothing is read behind the end. */
		for (size_t j = 2; j < forms[i].length; j++)
			if (text[j] < 0x80 || text[j] > 0xbf)
				return 0;
		return forms[i].length;
	}
	return 0;
}

static void text_write(FILE *out, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	(void)fputc('"', out);
	while (*p != '\0') {
		size_t len = character_length(p);

		if (len == 0)
			(void)fputs("\\ufffd", out);
		else if (*p == '"' || *p == '\\')
			(void)fprintf(out, "\\%c", *p);
		else if (*p == '\n')
			(void)fputs("\\n", out);
		else if (*p == '\t')
			(void)fputs("\\t", out);
		else if (len == 2 && p[0] == 0xc2 && p[1] < 0xa0)
			(void)fprintf(out, "\\u%04x", p[1]); /* C1: a terminal may obey it */
		else if (*p < 0x20 || *p == 0x7f)
			(void)fprintf(out, "\\u%04x", *p);
		else
			(void)fwrite(p, 1, len, out);
		p += len > 0 ? len : 1;
	}
	(void)fputc('"', out);
}

static void line_begin(const struct json *json)
{
	(void)fputc('\n', json->out);
	for (unsigned i = 0; i < json->depth; i++)
		(void)fputs("  ", json->out);
}

static bool is_inline(const struct json *json)
{
	return json->inline_depth > 0 && json->depth >= json->inline_depth;
}

/* What stands before an item: comma, line, name. */
static void item_begin(struct json *json, const char *key)
{
	bool *has_items;

	if (json->depth == 0)
		return;
	has_items = &json->levels[json->depth - 1].has_items;
	if (*has_items)
		(void)fputc(',', json->out);
	if (!is_inline(json))
		line_begin(json);
	else if (*has_items)
		(void)fputc(' ', json->out);
	*has_items = true;
	if (key) {
		text_write(json->out, key);
		(void)fputs(": ", json->out);
	}
}

static void container_open(struct json *json, const char *key, char open, char close)
{
	bool is_in_array = json->depth > 0 && json->levels[json->depth - 1].close == ']';

	item_begin(json, key);
	if (json->depth == JSON_DEPTH_MAX)
		abort();
	json->levels[json->depth].close = close;
	json->levels[json->depth].has_items = false;
	json->depth++;
	if (is_in_array && open == '{' && json->inline_depth == 0)
		json->inline_depth = json->depth;
	(void)fputc(open, json->out);
}

void json_init(struct json *json, FILE *out)
{
	memset(json, 0, sizeof(*json));
	json->out = out;
}

void json_array(struct json *json, const char *key)
{
	container_open(json, key, '[', ']');
}

void json_object(struct json *json, const char *key)
{
	container_open(json, key, '{', '}');
}

void json_close(struct json *json)
{
	bool was_inline = is_inline(json);
	bool has_items;
	char close;

	if (json->depth == 0)
		abort();
	json->depth--;
	has_items = json->levels[json->depth].has_items;
	close = json->levels[json->depth].close;
	if (json->inline_depth > json->depth)
		json->inline_depth = 0;
	if (has_items && !was_inline)
		line_begin(json);
	(void)fputc(close, json->out);
	if (json->depth == 0)
		(void)fputc('\n', json->out);
}

void json_text(struct json *json, const char *key, const char *text)
{
	if (!text) {
		json_null(json, key);
		return;
	}
	item_begin(json, key);
	text_write(json->out, text);
}

void json_number(struct json *json, const char *key, uint64_t number)
{
	item_begin(json, key);
	(void)fprintf(json->out, "%" PRIu64, number);
}

void json_bool(struct json *json, const char *key, bool value)
{
	item_begin(json, key);
	(void)fputs(value ? "true" : "false", json->out);
}

void json_null(struct json *json, const char *key)
{
	item_begin(json, key);
	(void)fputs("null", json->out);
}
