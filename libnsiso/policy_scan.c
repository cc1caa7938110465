/*
 * The strict first pass over a policy file.  iniparser accepts nearly everything: the last of two
 * equal keys, cut values, open quotes, half a file.  Whatever it would read differently from what
 * a person reads is refused here, with line and column, before it sees the file.  Values are not
 * looked into.
 */
#include "policy_scan.h"

#include <string.h>

#include "policy_fault.h"

/* One line: [at, end), and where in the file it is. */
struct line {
	const char *start;
	const char *at;
	const char *end;
	unsigned number;
};

struct scanner {
	struct policy_scan *scan;
	struct policy_faults *faults;
	int section;     /* first row of the current section; -1: none */
	bool is_skipped; /* the section is unknown or a second one: its keys say nothing */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static unsigned column_of(const struct line *line, const char *at)
{
	return (unsigned)(at - line->start) + 1;
}

static void blanks_skip(struct line *line)
{
	while (line->at < line->end && is_blank(*line->at))
		line->at++;
	while (line->end > line->at && is_blank(line->end[-1]))
		line->end--;
}

static size_t name_length(const struct line *line)
{
	const char *p = line->at;

	while (p < line->end && ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
				 (*p >= '0' && *p <= '9') || *p == '_' || *p == '.' || *p == '-'))
		p++;
	return (size_t)(p - line->at);
}

static const char *control_text(unsigned char byte)
{
	if (byte == '\0')
		return "a NUL byte: not a text file";
	if (byte == '\r')
		return "a carriage return: lines end in a newline alone";
	return "a control character";
}

/* Bytes that must not be anywhere in a line, comments included; false: the line is of no use. */
static bool line_is_clean(struct scanner *s, const struct line *line)
{
	if (line->end - line->start >= POLICY_LINE_MAX - 1) {
		policy_fault(s->faults, line->number, 0, "the line is longer than %d bytes",
			     POLICY_LINE_MAX - 2);
		return false;
	}
	for (const char *p = line->start; p < line->end; p++) {
		unsigned char byte = (unsigned char)*p;

		if ((byte >= 0x20 && byte != 0x7f) || byte == '\t')
			continue;
		policy_fault(s->faults, line->number, column_of(line, p), "%s", control_text(byte));
		return false;
	}
	return true;
}

static void section_read(struct scanner *s, struct line *line)
{
	const char *bracket = line->at;
	const char *like;
	size_t len;
	int row;

	s->is_skipped = true;
	line->at++;
	len = name_length(line);
	if (len == 0 || line->at + len + 1 != line->end || line->end[-1] != ']') {
		policy_fault(s->faults, line->number, column_of(line, bracket),
			     "a section is written [name], alone on its line");
		return;
	}
	row = policy_key_section(line->at, len);
	if (row < 0) {
		like = policy_key_like_section(line->at, len);
		policy_fault(s->faults, line->number, column_of(line, line->at),
			     "unknown section '%.*s'%s%s%s", (int)len, line->at,
			     like ? ": did you mean '" : "", like ? like : "", like ? "'?" : "");
		return;
	}
	if (s->scan->sections[row] != 0) {
		policy_fault(s->faults, line->number, column_of(line, line->at),
			     "section '%.*s' again; it began on line %u", (int)len, line->at,
			     s->scan->sections[row]);
		return;
	}
	s->scan->sections[row] = (uint16_t)line->number;
	s->section = row;
	s->is_skipped = false;
}

/* A value in double quotes; line is at the opening one. */
static bool quoted_read(struct scanner *s, struct line *line)
{
	const char *open = line->at++;
	const char *close = memchr(line->at, '"', (size_t)(line->end - line->at));

	if (!close) {
		policy_fault(s->faults, line->number, column_of(line, open),
			     "the quote is never closed");
		return false;
	}
	if (close + 1 != line->end) {
		policy_fault(s->faults, line->number, column_of(line, close),
			     "text behind the closing quote: quotes enclose a whole value");
		return false;
	}
	line->end = close;
	return true;
}

static bool plain_read(struct scanner *s, const struct line *line)
{
	for (const char *p = line->at; p < line->end; p++) {
		const char *text = NULL;

		if (*p == '#' || *p == ';')
			text = "'#' and ';' cannot stand in a value without double quotes; "
			       "a comment has a line of its own";
		else if (*p == '"')
			text = "a quote inside the value: quotes enclose a whole value";
		else if (*p == '\'' && p == line->at)
			text = "only double quotes enclose a value";
		if (!text)
			continue;
		policy_fault(s->faults, line->number, column_of(line, p), "%s", text);
		return false;
	}
	return true;
}

/* The value behind "="; line is at its first byte. */
static void value_read(struct scanner *s, struct line *line, int row, bool optional)
{
	struct policy_item *item = &s->scan->items[row];
	const struct policy_key *key = &policy_keys[row];
	bool ok;

	if (line->at < line->end && *line->at == '"')
		ok = quoted_read(s, line);
	else
		ok = plain_read(s, line);
	if (!ok)
		return;
	if (line->at == line->end && !policy_key_is_list(key) && !policy_key_is_limit(key)) {
		policy_fault(s->faults, line->number, column_of(line, line->at),
			     "'%s' needs a value", key->name);
		return;
	}
	item->column = (uint16_t)column_of(line, line->at);
	item->optional = optional;
	item->text = line->at;
	item->len = (size_t)(line->end - line->at);
}

/* The row of the key whose name is at line->at, or -1 with a fault. */
static int key_find(struct scanner *s, const struct line *line, size_t len)
{
	const char *like;
	int row;

	if (s->section < 0) {
		policy_fault(s->faults, line->number, column_of(line, line->at),
			     "a key before the first [section]");
		return -1;
	}
	row = policy_key_find(s->section, line->at, len);
	if (row >= 0)
		return row;
	like = policy_key_like(s->section, line->at, len);
	policy_fault(s->faults, line->number, column_of(line, line->at),
		     "unknown key '%.*s' in section '%s'%s%s%s", (int)len, line->at,
		     policy_keys[s->section].section, like ? ": did you mean '" : "",
		     like ? like : "", like ? "'?" : "");
	return -1;
}

static void key_read(struct scanner *s, struct line *line)
{
	size_t len = name_length(line);
	const char *name = line->at;
	bool optional = false;
	int row;

	if (len > 0 && s->is_skipped)
		return;
	if (len == 0 || !memchr(name, '=', (size_t)(line->end - name))) {
		policy_fault(s->faults, line->number, column_of(line, name),
			     "neither a [section], a 'key = value' nor a comment");
		return;
	}
	row = key_find(s, line, len);
	if (row < 0)
		return;
	line->at += len;
	if (*line->at == '?') {
		optional = true;
		line->at++;
	}
	blanks_skip(line);
	if (*line->at != '=') {
		policy_fault(s->faults, line->number, column_of(line, line->at),
			     "'=' expected behind '%s'", policy_keys[row].name);
		return;
	}
	if (optional && !policy_key_is_limit(&policy_keys[row])) {
		policy_fault(s->faults, line->number, column_of(line, name + len),
			     "'?' is for limits; '%s' is none", policy_keys[row].name);
		return;
	}
	if (s->scan->items[row].line != 0) {
		policy_fault(s->faults, line->number, column_of(line, name),
			     "'%s' again; it is set on line %u", policy_keys[row].name,
			     s->scan->items[row].line);
		return;
	}
	s->scan->items[row].line = (uint16_t)line->number;
	line->at++;
	blanks_skip(line);
	value_read(s, line, row, optional);
}

static void line_read(struct scanner *s, struct line *line)
{
	if (!line_is_clean(s, line))
		return;
	blanks_skip(line);
	if (line->at == line->end)
		return;
	if (line->end[-1] == '\\') {
		policy_fault(s->faults, line->number, column_of(line, line->end - 1),
			     "a line cannot be continued by a backslash, not even a comment");
		return;
	}
	if (*line->at == '#' || *line->at == ';')
		return;
	if (*line->at == '[')
		section_read(s, line);
	else
		key_read(s, line);
}

/* Faults of the file as a whole; false: not worth reading on. */
static bool is_size_right(size_t len, struct policy_faults *faults)
{
	if (len == 0)
		policy_fault(faults, 0, 0, "the file is empty");
	else if (len > POLICY_FILE_MAX)
		policy_fault(faults, 0, 0, "the file is larger than %d bytes", POLICY_FILE_MAX);
	return len > 0 && len <= POLICY_FILE_MAX;
}

void policy_scan(const char *text, size_t len, struct policy_scan *ret,
		 struct policy_faults *faults)
{
	struct scanner s = { .scan = ret, .faults = faults, .section = -1 };
	const char *end = text + len;
	struct line line = { .end = text, .number = 0 };

	memset(ret, 0, sizeof(*ret));
	if (!is_size_right(len, faults))
		return;
	while (text < end && !policy_fault_is_enough(faults)) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));

		line.start = line.at = text;
		line.end = newline ? newline : end;
		line.number++;
		text = newline ? newline + 1 : end;
		if (!newline)
			policy_fault(faults, line.number, column_of(&line, end),
				     "the last line does not end in a newline: truncated?");
		line_read(&s, &line);
	}
}
