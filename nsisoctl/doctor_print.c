/* What the doctor has found, for people and for programs. */
#include <string.h>

#include "doctor.h"
#include "json.h"
#include "table.h"

#define PLACES_MAX 8 /* of one kind, for people */

static const char *const severities[SEVERITY_COUNT] = { "problem", "warning", "note" };

unsigned doctor_count(const struct doctor *d, enum doctor_severity severity)
{
	unsigned n = 0;

	for (size_t i = 0; i < d->n_findings; i++)
		n += d->findings[i].rule->severity == severity;
	return n;
}

static void facts_print(const struct doctor *d, FILE *out)
{
	const char *group = "";

	for (size_t i = 0; i < d->n_facts; i++) {
		const struct doctor_fact *fact = &d->facts[i];

		if (strcmp(group, fact->group) != 0)
			(void)fprintf(out, "%s\n", fact->group);
		group = fact->group;
		(void)fprintf(out, "  %-14s ", fact->name);
		text_put(fact->text, out);
		(void)fputc('\n', out);
	}
}

/* The files may be those of another host, which nobody vouches for. */
static void place_print(const struct doctor_finding *finding, FILE *out)
{
	(void)fputs("  ", out);
	if (finding->file)
		text_put(finding->file, out);
	if (finding->file && finding->line)
		(void)fprintf(out, ":%u", finding->line);
	(void)fputs(finding->file ? ": " : "", out);
	text_put(finding->what, out);
	(void)fputc('\n', out);
}

/* All findings of one rule, at the first of them. */
static void rule_print(const struct doctor *d, size_t first, FILE *out)
{
	const struct doctor_rule *rule = d->findings[first].rule;
	unsigned n = 0;

	for (size_t i = 0; i < first; i++)
		if (d->findings[i].rule == rule)
			return;
	(void)fprintf(out, "\n%s: %s (%s)\n", severities[rule->severity], rule->why, rule->id);
	for (size_t i = first; i < d->n_findings; i++)
		if (d->findings[i].rule == rule && n++ < PLACES_MAX)
			place_print(&d->findings[i], out);
	if (n > PLACES_MAX)
		(void)fprintf(out, "  ... and %u more; all with --json\n", n - PLACES_MAX);
	(void)fprintf(out, "  fix: %s\n", rule->fix);
}

void doctor_print(const struct doctor *d, FILE *out)
{
	facts_print(d, out);
	for (int severity = 0; severity < SEVERITY_COUNT; severity++)
		for (size_t i = 0; i < d->n_findings; i++)
			if ((int)d->findings[i].rule->severity == severity)
				rule_print(d, i, out);
	(void)fputc('\n', out);
	for (int severity = 0; severity < SEVERITY_COUNT; severity++) {
		unsigned n = doctor_count(d, (enum doctor_severity)severity);

		(void)fprintf(out, "%u %s%s%s", n, severities[severity], n == 1 ? "" : "s",
			      severity + 1 < SEVERITY_COUNT ? ", " : "\n");
	}
}

static void finding_print_json(const struct doctor_finding *finding, struct json *json)
{
	json_object(json, NULL);
	json_text(json, "rule", finding->rule->id);
	json_text(json, "severity", severities[finding->rule->severity]);
	json_text(json, "what", finding->what);
	json_text(json, "file", finding->file);
	if (finding->line)
		json_number(json, "line", finding->line);
	else
		json_null(json, "line");
	json_text(json, "why", finding->rule->why);
	json_text(json, "fix", finding->rule->fix);
	json_close(json);
}

void doctor_print_json(const struct doctor *d, FILE *out)
{
	struct json json;

	json_init(&json, out);
	json_object(&json, NULL);
	json_array(&json, "facts");
	for (size_t i = 0; i < d->n_facts; i++) {
		json_object(&json, NULL);
		json_text(&json, "group", d->facts[i].group);
		json_text(&json, "name", d->facts[i].name);
		json_text(&json, "value", d->facts[i].text);
		json_close(&json);
	}
	json_close(&json);
	json_array(&json, "findings");
	for (size_t i = 0; i < d->n_findings; i++)
		finding_print_json(&d->findings[i], &json);
	json_close(&json);
	json_close(&json);
}
