/*
 * Golden plans: plan/X.conf and the facts in its first line give exactly plan/X.want, so that the order of
 * steps is reviewed as text, and plan/X.words, which is the same in sentences.  UPDATE=1 rewrites the .want files: read the difference before you commit it.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errmsg.h"
#include "facts.h"
#include "golden.h"
#include "plan.h"
#include "plan_words.h"
#include "policy.h"
#include "tap.h"

typedef void plan_printer(const struct plan *plan, FILE *out);

/* "# KEY=VALUE KEY=VALUE..." over what is usual. */
static void set_facts(const char *text, struct facts *ret)
{
	char line[512], *word, *rest = line;

	*ret = golden_facts;
	(void)snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"), text);
	while ((word = strsep(&rest, " "))) {
		if (strncmp(word, "user=", 5) == 0)
			(void)snprintf(ret->user, sizeof(ret->user), "%s", word + 5);
		else if (strncmp(word, "home=", 5) == 0)
			(void)snprintf(ret->home, sizeof(ret->home), "%s", word + 5);
		else if (strncmp(word, "host=", 5) == 0)
			(void)snprintf(ret->host, sizeof(ret->host), "%s", word + 5);
		else if (strncmp(word, "service=", 8) == 0)
			(void)snprintf(ret->service, sizeof(ret->service), "%s", word + 8);
		else if (strcmp(word, "backend=systemd") == 0)
			ret->backend = BACKEND_SYSTEMD;
	}
}

static void report(void *ctx, const char *file, unsigned line, unsigned column, const char *text)
{
	(void)ctx;
	tap_note("%s:%u:%u: %s", file, line, column, text);
}

/* The plan as text, by that function, or the error. */
static void make_plan(const char *name, const char *text, plan_printer *print, char *ret)
{
	static struct policy policy;
	static struct plan plan;
	struct facts facts;
	struct errmsg e;
	FILE *out = fmemopen(ret, GOLDEN_MAX, "we");

	set_facts(text, &facts);
	policy_defaults(&policy);
	ret[0] = '\0';
	if (!out)
		return;
	if (policy_parse(&policy, text, strlen(text), name, &facts, report, NULL) < 0)
		(void)fprintf(out, "the policy has faults\n");
	else if (plan_build(&policy, &facts, &plan, &e) < 0)
		(void)fprintf(out, "refused: %s\n", e.text);
	else
		print(&plan, out);
	(void)fclose(out);
}

static void check(const char *folder, const char *name, const char *out, plan_printer *print)
{
	static char text[GOLDEN_MAX], have[GOLDEN_MAX];
	char path[1024];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	golden_read(path, text);
	make_plan(name, text, print, have);
	golden_compare(out, have);
}

static int is_policy(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && strcmp(dot, ".conf") == 0;
}

/* Each step there is has a sentence, also one that no policy here comes to. */
static void check_words(void)
{
	static struct plan plan;
	char text[PLAN_WORDS_MAX];

	for (int kind = 0; kind < STEP_KIND_COUNT; kind++) {
		struct step step = { .kind = (uint8_t)kind };

		tap_ok(strlen(plan_words(&plan, &step, text)) > 0, "step %d has a sentence", kind);
	}
}

/* All policies of a folder; what is wanted lies in tests/golden/plan, its name having that prefix. */
static void check_folder(const char *top, const char *name, const char *prefix)
{
	struct dirent **entries;
	char folder[512], out[1024];
	int i, n;

	(void)snprintf(folder, sizeof(folder), "%s/%s", top, name);
	n = scandir(folder, &entries, is_policy, alphasort);
	if (n <= 0)
		tap_bail("no policies in %s: %s", folder, strerror(errno));
	for (i = 0; i < n; i++) {
		int stem = (int)strlen(entries[i]->d_name) - 5;

		(void)snprintf(out, sizeof(out), "%s/tests/golden/plan/%s%.*s.want", top, prefix,
			       stem, entries[i]->d_name);
		check(folder, entries[i]->d_name, out, plan_print);
		(void)snprintf(out, sizeof(out), "%s/tests/golden/plan/%s%.*s.words", top, prefix,
			       stem, entries[i]->d_name);
		check(folder, entries[i]->d_name, out, plan_words_print);
		free(entries[i]);
	}
	free(entries);
}

int main(void)
{
	const char *top = getenv("NSISO_TOP");

	tap_begin();
	check_folder(top ? top : ".", "tests/golden/plan", "");
	check_folder(top ? top : ".", "conf/presets", "preset_");
	check_words();
	return tap_end();
}
