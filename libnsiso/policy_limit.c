/* The limits of [cgroup]; see policy_limit.h. */
#include "policy_limit.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "errmsg.h"
#include "idset.h"
#include "policy_devices.h"
#include "policy_value.h"

const char *const policy_limit_names[LIMIT_COUNT] = {
	[LIMIT_MEMORY_MAX] = "memory.max",
	[LIMIT_MEMORY_HIGH] = "memory.high",
	[LIMIT_MEMORY_LOW] = "memory.low",
	[LIMIT_MEMORY_SWAP_MAX] = "memory.swap.max",
	[LIMIT_MEMORY_OOM_GROUP] = "memory.oom.group",
	[LIMIT_PIDS_MAX] = "pids.max",
	[LIMIT_CPU_MAX] = "cpu.max",
	[LIMIT_CPU_WEIGHT] = "cpu.weight",
	[LIMIT_CPUSET_CPUS] = "cpuset.cpus",
	[LIMIT_CPUSET_MEMS] = "cpuset.mems",
	[LIMIT_IO_WEIGHT] = "io.weight",
	[LIMIT_IO_MAX] = "io.max",
};

static struct policy *policy_of(const struct policy_key *key, const void *field)
{
	return (struct policy *)((uintptr_t)field - key->offset);
}

/* The text of a KEY_SET; such keys are the user's alone. */
static char *set_text(const struct policy_key *key, const void *field)
{
	struct policy *policy = policy_of(key, field);

	return field == &policy->cgroup.limit[LIMIT_CPUSET_CPUS] ? policy->cgroup.cpus :
								   policy->cgroup.mems;
}

static int set_read(const char *text, char *ret, struct errmsg *e)
{
	char normal[POLICY_SET_MAX];
	struct idset set;

	if (idset_read(text, &set) < 0 || idset_is_empty(&set))
		return errmsg_setx(e, -EINVAL, "'%s' is not a list of numbers and ranges: 0-3,8",
				   text);
	if (!idset_write(&set, normal, sizeof(normal)))
		return errmsg_setx(e, -EINVAL, "the list is longer than %d bytes",
				   POLICY_SET_MAX - 1);
	memset(ret, 0, POLICY_SET_MAX);
	(void)snprintf(ret, POLICY_SET_MAX, "%s", normal);
	return 0;
}

/* What is not a plain number with a unit; 1: it is one. */
static int text_read(const struct policy_key *key, struct policy_input *in, void *field,
		     struct policy_limit *ret)
{
	bool on = false;
	int r;

	switch (key->type) {
	case KEY_CPU:
		return value_cpu(in->text, &ret->value, &ret->period, &in->e);
	case KEY_SET:
		return set_read(in->text, set_text(key, field), &in->e);
	case KEY_DEVICES:
		return policy_devices_read(in->text, &policy_of(key, field)->cgroup.io_max, &in->at,
					   &in->e);
	case KEY_SWITCH: /* the kernel's 0 and 1 are words as good as any other */
		if (strcmp(in->text, "0") != 0 && strcmp(in->text, "1") != 0) {
			r = value_bool(in->text, &on, &in->e);
			ret->value = on ? 1 : 0;
			return r;
		}
		ret->value = in->text[0] == '1' ? 1 : 0;
		return 0;
	default:
		if (key->type == KEY_WEIGHT || strcmp(in->text, "max") != 0)
			return 1;
		ret->value = POLICY_LIMIT_MAX;
		return 0;
	}
}

/* Equal policies are equal bytes: no text stays behind. */
static void text_clear(const struct policy_key *key, void *field)
{
	if (key->type == KEY_SET)
		memset(set_text(key, field), 0, POLICY_SET_MAX);
	if (key->type == KEY_DEVICES)
		memset(&policy_of(key, field)->cgroup.io_max, 0, sizeof(struct policy_list));
}

int policy_limit_read(const struct policy_key *key, struct policy_input *in, void *field)
{
	struct policy_limit limit = { .set = true, .optional = in->optional };
	struct policy_limit *ret = field;
	int r = 0;

	if (*in->text == '\0') {
		limit.set = limit.optional = false;
		text_clear(key, field);
	} else {
		r = text_read(key, in, field, &limit);
	}
	if (r == 1 && key->type == KEY_SIZE)
		r = value_size(in->text, key->min, key->max, &limit.value, &in->e);
	else if (r == 1 && key->type == KEY_COUNT)
		r = value_count(in->text, key->min, key->max, &limit.value, &in->e);
	else if (r == 1)
		r = value_number(in->text, key->min, key->max, &limit.value, &in->e);
	if (r < 0)
		return r;
	/* One by one: what lies between them stays zero, and equal policies are equal bytes. */
	ret->set = limit.set;
	ret->optional = limit.optional;
	ret->value = limit.value;
	ret->period = limit.period;
	return 0;
}

void policy_limit_write(const struct policy_key *key, const void *field, FILE *out)
{
	const struct policy_limit *limit = field;
	char text[VALUE_SIZE_MAX];

	if (!limit->set)
		return;
	if (key->type == KEY_SET)
		(void)fputs(set_text(key, field), out);
	else if (key->type == KEY_DEVICES)
		policy_devices_write(&policy_of(key, field)->cgroup.io_max, out);
	else if (key->type == KEY_SWITCH)
		(void)fputs(limit->value ? "yes" : "no", out);
	else if (limit->value == POLICY_LIMIT_MAX)
		(void)fputs("max", out);
	else if (key->type == KEY_SIZE)
		(void)fputs(value_size_text(limit->value, text), out);
	else
		(void)fprintf(out, "%" PRIu64, limit->value);
	if (key->type == KEY_CPU)
		(void)fprintf(out, " %" PRIu64, limit->period);
}

bool policy_limit_next(const struct policy *policy, const struct policy_limit *limits,
		       enum policy_limit_id id, size_t *at, char ret[POLICY_LIMIT_TEXT_MAX])
{
	const struct policy_limit *limit = &limits[id];
	char number[32] = "max";

	if (!limit->set)
		return false;
	if (id == LIMIT_IO_MAX)
		return policy_devices_next(&policy->cgroup.io_max, at, ret, POLICY_LIMIT_TEXT_MAX);
	if ((*at)++ > 0)
		return false;
	if (limit->value != POLICY_LIMIT_MAX)
		(void)snprintf(number, sizeof(number), "%" PRIu64, limit->value);
	if (id == LIMIT_CPUSET_CPUS || id == LIMIT_CPUSET_MEMS)
		(void)snprintf(ret, POLICY_LIMIT_TEXT_MAX, "%s",
			       id == LIMIT_CPUSET_CPUS ? policy->cgroup.cpus : policy->cgroup.mems);
	else if (id == LIMIT_IO_WEIGHT)
		(void)snprintf(ret, POLICY_LIMIT_TEXT_MAX, "default %s", number);
	else if (id == LIMIT_CPU_MAX)
		(void)snprintf(ret, POLICY_LIMIT_TEXT_MAX, "%s %" PRIu64, number, limit->period);
	else
		(void)snprintf(ret, POLICY_LIMIT_TEXT_MAX, "%s", number);
	return true;
}
