/* Printing faults and warnings; see fault_printer.h. */
#include "fault_printer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "errmsg.h"
#include "json.h"
#include "policy_scan.h"

struct finding {
	const char *file;
	unsigned line, column;
	bool is_warning;
	const char *text;       /* with "did you mean" */
	const char *suggestion; /* may be NULL */
	size_t cut;             /* bytes of text that do not belong to the suggestion */
};

/* FNV-1a, over the terminating NULs too. */
static uint64_t text_hash(uint64_t hash, const char *text)
{
	do {
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3ULL;
	} while (*text++ != '\0');
	return hash;
}

/* One fault of default.conf shows in the policy of each user. */
static bool is_new(struct fault_printer *printer, const struct finding *finding)
{
	uint64_t hash = text_hash(0xcbf29ce484222325ULL, finding->file);

	hash = text_hash(hash ^ finding->line ^ (uint64_t)finding->column << 32, finding->text);
	for (unsigned i = 0; i < printer->n_seen && i < FAULT_SEEN_MAX; i++)
		if (printer->seen[i] == hash)
			return false;
	printer->seen[printer->n_seen++ % FAULT_SEEN_MAX] = hash;
	return true;
}

static bool is_shown(char c)
{
	return (c >= ' ' && c <= '~') || c == '\t';
}

/* The faulty line, printable, in ret; its length, or 0 when it is not known. */
static size_t line_find(const struct fault_printer *printer, const struct finding *finding,
			char ret[POLICY_LINE_MAX])
{
	size_t len = 0;
	const char *text = NULL;
	const char *end;

	if (printer->source && finding->line > 0)
		text = printer->source(printer->ctx, finding->file, &len);
	if (!text)
		return 0;
	end = text + len;
	for (unsigned i = 1; i < finding->line && text; i++) {
		text = memchr(text, '\n', (size_t)(end - text));
		text = text ? text + 1 : NULL;
	}
	if (!text)
		return 0;
	for (len = 0; text + len < end && text[len] != '\n' && len < POLICY_LINE_MAX - 1; len++)
		ret[len] = (char)(is_shown(text[len]) ? text[len] : '?');
	ret[len] = '\0';
	return len;
}

/* A rule between keys knows the line alone: what is meant is its key. */
static unsigned column_of(const struct finding *finding, const char *source)
{
	if (finding->column > 0 || finding->line == 0 || *source == '\0')
		return finding->column;
	return (unsigned)strspn(source, " \t") + 1;
}

/* The line with a mark below; what is long is shown from near the mark on. */
static void source_print(const struct fault_printer *printer, const struct finding *finding,
			 const char *source, size_t len)
{
	unsigned column = column_of(finding, source);
	size_t skip = column > 72 ? column - 40 : 0;
	size_t shown = len - skip < 76 ? len - skip : 76;

	(void)fprintf(stderr, "%5u | %s%.*s%s\n", finding->line, skip ? "..." : "", (int)shown,
		      source + skip, skip + shown < len ? "..." : "");
	if (column == 0 || column > len + 1)
		return;
	(void)fprintf(stderr, "      | %s", skip ? "   " : "");
	for (size_t i = skip; i + 1 < column; i++)
		(void)fputc(source[i] == '\t' ? '\t' : ' ', stderr);
	colour_put(&printer->look, COLOUR_GREEN, stderr);
	(void)fputc('^', stderr);
	colour_put(&printer->look, COLOUR_NONE, stderr);
	(void)fputc('\n', stderr);
}

static const char *prefix_of(const struct fault_printer *printer, const char *file)
{
	return *file == '/' || !printer->prefix ? "" : printer->prefix;
}

/* Names of files and what a message quotes are as foreign as the lines: a terminal might obey them. */
static void finding_print(const struct fault_printer *printer, const struct finding *finding)
{
	char source[POLICY_LINE_MAX] = "";
	size_t len = line_find(printer, finding, source);
	unsigned column = column_of(finding, source);

	colour_put(&printer->look, COLOUR_BOLD, stderr);
	text_put(prefix_of(printer, finding->file), stderr);
	text_put(finding->file, stderr);
	(void)fputc(':', stderr);
	if (finding->line != 0)
		(void)fprintf(stderr, "%u:", finding->line);
	if (column != 0)
		(void)fprintf(stderr, "%u:", column);
	colour_put(&printer->look, finding->is_warning ? COLOUR_YELLOW : COLOUR_NONE, stderr);
	(void)fputs(finding->is_warning ? " warning:" : "", stderr);
	colour_put(&printer->look, COLOUR_NONE, stderr);
	(void)fputc(' ', stderr);
	text_put(finding->text, stderr);
	(void)fputc('\n', stderr);
	if (len > 0)
		source_print(printer, finding, source, len);
	if (!finding->suggestion || finding->text[finding->cut] != '\0')
		return;
	(void)fputs("      = suggestion: ", stderr);
	text_put(finding->suggestion, stderr);
	(void)fputc('\n', stderr);
}

static void finding_write(const struct fault_printer *printer, const struct finding *finding)
{
	char path[1024];
	char text[ERRMSG_MAX];
	char source[POLICY_LINE_MAX] = "";

	(void)line_find(printer, finding, source);
	(void)snprintf(path, sizeof(path), "%s%s", prefix_of(printer, finding->file),
		       finding->file);
	(void)snprintf(text, sizeof(text), "%.*s", (int)finding->cut, finding->text);
	json_object(printer->json, NULL);
	json_text(printer->json, "file", path);
	json_number(printer->json, "line", finding->line);
	json_number(printer->json, "column", column_of(finding, source));
	json_text(printer->json, "severity", finding->is_warning ? "warning" : "error");
	json_text(printer->json, "message", text);
	json_text(printer->json, "suggestion", finding->suggestion);
	json_close(printer->json);
}

static void finding_tell(struct fault_printer *printer, const struct finding *finding)
{
	if (!is_new(printer, finding))
		return;
	if (finding->is_warning)
		printer->warnings++;
	else
		printer->count++;
	if (printer->json)
		finding_write(printer, finding);
	else
		finding_print(printer, finding);
}

void fault_print(void *ctx, const char *file, unsigned line, unsigned column, const char *text)
{
	struct fault_printer *printer = ctx;
	struct finding finding = { .file = file, .line = line, .column = column, .text = text };
	char source[POLICY_LINE_MAX] = "";
	char suggestion[256];
	char path[1024];
	size_t len = line_find(printer, &finding, source);

	(void)snprintf(path, sizeof(path), "%s%s", prefix_of(printer, file), file);
	finding.suggestion =
		fault_suggest(path, text, len > 0 ? source : NULL, suggestion, &finding.cut);
	finding_tell(printer, &finding);
}

void warning_print(struct fault_printer *printer, const char *file, unsigned line,
		   const char *suggestion, const char *fmt, ...)
{
	struct finding finding = { .file = file, .line = line, .is_warning = true };
	char text[ERRMSG_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	finding.text = text;
	finding.cut = strlen(text);
	finding.suggestion = suggestion;
	finding_tell(printer, &finding);
}
