/* The value of io.max; see policy_devices.h. */
#include "policy_devices.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "errmsg.h"
#include "policy.h"
#include "policy_value.h"

#define LIST_TEXT_MAX 950 /* what is written back, with its key, must fit into a line */
#define RATE_MAX (1ULL << 60)
#define ITEM_MAX (NSISO_PATH_MAX + 160)

/* In the kernel's order (Documentation/admin-guide/cgroup-v2.rst, io.max). */
static const struct rate {
	const char *name;
	bool is_size;
} rates[] = { { "rbps", true }, { "wbps", true }, { "riops", false }, { "wiops", false } };

#define RATES (sizeof(rates) / sizeof(rates[0]))

struct device {
	char path[NSISO_PATH_MAX];
	uint64_t rate[RATES]; /* 0: not set */
};

/* The word up to a space, a comma or the end; *at moves behind it and the spaces. */
static int read_word(const char **at, char *ret, size_t size, struct errmsg *e)
{
	size_t len = strcspn(*at, " \t,");

	if (len >= size)
		return errmsg_setx(e, -EINVAL, "'%.*s' is too long", 40, *at);
	memcpy(ret, *at, len);
	ret[len] = '\0';
	*at += len;
	*at += strspn(*at, " \t");
	return 0;
}

static int read_rate(const char *word, struct device *ret, struct errmsg *e)
{
	const char *value = strchr(word, '=');
	size_t i, len = value ? (size_t)(value - word) : 0;

	for (i = 0; i < RATES; i++)
		if (len == strlen(rates[i].name) && memcmp(word, rates[i].name, len) == 0)
			break;
	if (!value || i == RATES)
		return errmsg_setx(e, -EINVAL,
				   "'%s' is none of rbps=, wbps=, riops=, wiops=", word);
	if (ret->rate[i])
		return errmsg_setx(e, -EINVAL, "%s is there twice", rates[i].name);
	if (strcmp(value + 1, "max") == 0) {
		ret->rate[i] = POLICY_LIMIT_MAX;
		return 0;
	}
	return rates[i].is_size && !strchr(value, '%') ?
		       value_size(value + 1, 1, RATE_MAX, &ret->rate[i], e) :
		       value_number(value + 1, 1, RATE_MAX, &ret->rate[i], e);
}

/* One device up to a comma or the end. */
static int read_device(const char *text, const char **at, struct device *ret, size_t *fault,
		       struct errmsg *e)
{
	char word[64];
	unsigned n;

	memset(ret, 0, sizeof(*ret));
	*fault = (size_t)(*at - text);
	if (read_word(at, ret->path, sizeof(ret->path), e) < 0 || value_path(ret->path, e) < 0)
		return e->code;
	for (n = 0; **at != '\0' && **at != ','; n++) {
		*fault = (size_t)(*at - text);
		if (read_word(at, word, sizeof(word), e) < 0 || read_rate(word, ret, e) < 0)
			return e->code;
	}
	if (n == 0)
		return errmsg_setx(e, -EINVAL,
				   "'%s' has no rate: rbps=, wbps=, riops= or wiops= follow it",
				   ret->path);
	return 0;
}

static bool has_path(const struct policy_list *list, const char *path)
{
	size_t at = 0, len = strlen(path);
	const char *item;

	while ((item = policy_list_next(list, &at)))
		if (strncmp(item, path, len) == 0 && item[len] == ' ')
			return true;
	return false;
}

static int add_device(struct policy_list *list, const struct device *device, struct errmsg *e)
{
	char item[ITEM_MAX], size[VALUE_SIZE_MAX];
	size_t i, used = strlen(device->path);

	if (has_path(list, device->path))
		return errmsg_setx(e, -EINVAL, "'%s' is there twice", device->path);
	memcpy(item, device->path, used);
	for (i = 0; i < RATES; i++) {
		if (device->rate[i] == 0)
			continue;
		if (device->rate[i] == POLICY_LIMIT_MAX)
			(void)snprintf(size, sizeof(size), "max");
		else if (rates[i].is_size)
			(void)value_size_text(device->rate[i], size);
		else
			(void)snprintf(size, sizeof(size), "%" PRIu64, device->rate[i]);
		used += (size_t)snprintf(item + used, sizeof(item) - used, " %s=%s", rates[i].name,
					 size);
	}
	if (used + 1 > sizeof(list->text) - list->used)
		return errmsg_setx(e, -EINVAL, "the list is longer than %zu bytes",
				   sizeof(list->text));
	memcpy(list->text + list->used, item, used + 1);
	list->used = (uint16_t)(list->used + used + 1);
	list->count++;
	return 0;
}

int policy_devices_read(const char *text, struct policy_list *ret, size_t *at, struct errmsg *e)
{
	const char *p = text + strspn(text, " \t");
	struct policy_list list;
	struct device device;

	if (strlen(text) > LIST_TEXT_MAX)
		return errmsg_setx(e, -EINVAL, "the list is longer than %d bytes", LIST_TEXT_MAX);
	memset(&list, 0, sizeof(list));
	for (;;) {
		if (read_device(text, &p, &device, at, e) < 0 || add_device(&list, &device, e) < 0)
			return e->code;
		if (*p == '\0')
			break;
		p++; /* the comma */
		p += strspn(p, " \t");
	}
	memcpy(ret, &list, sizeof(list));
	return 0;
}

void policy_devices_write(const struct policy_list *list, FILE *out)
{
	const char *item, *comma = "";
	bool is_quoted = false;
	size_t i, at = 0;

	for (i = 0; i < list->used; i++)
		if (list->text[i] != '\0' && strchr("#;\"\\", list->text[i]))
			is_quoted = true;
	(void)fputs(is_quoted ? "\"" : "", out);
	for (; (item = policy_list_next(list, &at)); comma = ", ")
		(void)fprintf(out, "%s%s", comma, item);
	(void)fputs(is_quoted ? "\"" : "", out);
}

bool policy_devices_next(const struct policy_list *list, size_t *at, char *ret, size_t size)
{
	const char *item = policy_list_next(list, at), *p = item;
	struct errmsg ignored;
	struct device device;
	size_t i, fault, used;

	/* It has been read once, so it can be read again. */
	if (!item || read_device(item, &p, &device, &fault, &ignored) < 0)
		return false;
	used = (size_t)snprintf(ret, size, "%s", device.path);
	for (i = 0; i < RATES && used < size; i++)
		used += (size_t)snprintf(ret + used, size - used,
					 device.rate[i] == 0 || device.rate[i] == POLICY_LIMIT_MAX ?
						 " %s=max" :
						 " %s=%" PRIu64,
					 rates[i].name, device.rate[i]);
	return true;
}
