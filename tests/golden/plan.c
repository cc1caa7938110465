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
#include "plan.h"
#include "plan_words.h"
#include "policy.h"
#include "tap.h"

#define TEXT_MAX 65536

typedef void plan_printer(const struct plan *plan, FILE *out);

static void read_text(const char *path, char *ret)
{
	FILE *file = fopen(path, "re");
	size_t n = file ? fread(ret, 1, TEXT_MAX - 1, file) : 0;

	ret[n] = '\0';
	if (file)
		(void)fclose(file);
}

/* "# KEY=VALUE KEY=VALUE..." over what is usual. */
static void set_facts(const char *text, struct facts *ret)
{
	char line[512], *word, *rest = line;

	*ret = (struct facts){ .user = "alice",
			       .uid = 1001,
			       .gid = 1002,
			       .home = "/home/alice",
			       .service = "sshd",
			       .host = "box",
			       .id = "0123456789abcdef",
			       .init_uid = 990,
			       .init_gid = 991,
			       .cgroup = CGROUP_V2 };
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
	FILE *out = fmemopen(ret, TEXT_MAX, "we");

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

/* The first line that differs. */
static void show_difference(const char *have, const char *want)
{
	while (*have && *have == *want && strcspn(have, "\n") == strcspn(want, "\n") &&
	       strncmp(have, want, strcspn(have, "\n")) == 0) {
		have += strcspn(have, "\n") + 1;
		want += strcspn(want, "\n") + 1;
	}
	tap_note("have: %.*s", (int)strcspn(have, "\n"), have);
	tap_note("want: %.*s", (int)strcspn(want, "\n"), want);
}

static void check(const char *folder, const char *name, const char *out, plan_printer *print)
{
	static char text[TEXT_MAX], have[TEXT_MAX], want[TEXT_MAX];
	char path[1024];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	read_text(path, text);
	make_plan(name, text, print, have);
	if (getenv("UPDATE") && strcmp(getenv("UPDATE"), "1") == 0 && (file = fopen(out, "we"))) {
		(void)fputs(have, file);
		(void)fclose(file);
	}
	read_text(out, want);
	if (!tap_ok(strcmp(have, want) == 0, "%s", strrchr(out, '/') + 1))
		show_difference(have, want);
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
