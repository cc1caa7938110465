/*
 * Any text at all: it is refused with a report and changes nothing, or what it comes to is printed, read
 * again, and the same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errmsg.h"
#include "facts.h"
#include "policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned told;

static void fault_count(void *ctx, const char *file, unsigned line, unsigned column,
			const char *text)
{
	(void)ctx;
	(void)line;
	(void)column;
	told++;
	if (*file == '\0' || *text == '\0' || strlen(text) >= ERRMSG_MAX)
		abort();
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e)
			abort();
}

static int group_stub(const struct facts *facts, const char *group)
{
	(void)facts;
	return *group % 2;
}

static void require(int condition)
{
	if (!condition)
		abort();
}

/* Where the values come from is of no matter. */
static int is_same(struct policy *a, struct policy *b)
{
	memset(a->origin, 0, sizeof(a->origin));
	memset(b->origin, 0, sizeof(b->origin));
	memset(a->files, 0, sizeof(a->files));
	memset(b->files, 0, sizeof(b->files));
	return memcmp(a, b, sizeof(*a)) == 0;
}

static void check_round_trip(struct policy *policy, bool explain)
{
	static struct policy again;
	char *text = NULL;
	size_t len = 0;
	const struct policy_notes notes = { .print = policy_origin_print };
	FILE *out = open_memstream(&text, &len);

	require(out != NULL);
	policy_print(policy, explain ? &notes : NULL, out);
	require(fclose(out) == 0);
	policy_defaults(&again);
	require(policy_parse(&again, text, len, "again.conf", NULL, fault_count, NULL) == 0);
	require(is_same(policy, &again));
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct facts alice = {
		.user = "alice",
		.uid = 1500,
		.service = "sshd",
		.rhost = "192.0.2.1",
		.in_group = group_stub,
	};
	static struct policy before;
	static struct policy policy;
	const char *text = (const char *)data;
	int r;

	told = 0;
	policy_defaults(&policy);
	memcpy(&before, &policy, sizeof(policy));
	r = policy_parse(&policy, text, size, "conf.d/fuzz.conf", NULL, fault_count, NULL);
	if (r < 0) {
		require(told > 0);
		require(memcmp(&before, &policy, sizeof(policy)) == 0);
		return 0;
	}
	require(r == 0 && told == 0 && policy.n_files == 1);
	(void)policy_check(&policy, fault_count, NULL);
	memcpy(&before, &policy, sizeof(policy));
	check_round_trip(&policy, false);
	check_round_trip(&before, true);
	/* With a login: it fits or not, but it is clean. */
	policy_defaults(&policy);
	r = policy_parse(&policy, text, size, "conf.d/fuzz.conf", &alice, fault_count, NULL);
	require(r == 0 || r == 1);
	return 0;
}
