/*
 * Lists of paths: their text form in a policy file, their packed form in struct policy.
 */
#include "policy_list.h"

#include <errno.h>
#include <string.h>

#include "errmsg.h"
#include "policy_value.h"

/* What is written back, with its key and in quotes, must fit into a line. */
#define LIST_TEXT_MAX 950
/* Room for "-SRC:DST:ro" */
#define ITEM_MAX (2 * NSISO_PATH_MAX + 8)

const char *policy_list_next(const struct policy_list *list, size_t *at)
{
	const char *item = list->text + *at;

	if (*at >= list->used)
		return NULL;
	*at += strlen(item) + 1;
	return item;
}

/* One item from *text into item, escapes resolved; *text moves behind it. */
static int item_read(const char **text, char *item, struct errmsg *e)
{
	const char *p = *text;
	size_t used = 0;

	for (; *p != '\0' && *p != ' ' && *p != '\t'; p++) {
		if (*p == '\\' && p[1] != ' ' && p[1] != '\\')
			return errmsg_setx(
				e, -EINVAL,
				"a backslash stands before a space or a backslash alone");
		if (*p == '\\')
			p++;
		if (used + 1 >= ITEM_MAX)
			return errmsg_setx(e, -EINVAL, "a path has at most %d bytes",
					   NSISO_PATH_MAX - 1);
		item[used++] = *p;
	}
	item[used] = '\0';
	*text = p;
	return 0;
}

static int bind_check(const char *item, struct errmsg *e)
{
	char part[ITEM_MAX];
	const char *target = strchr(item, ':');
	const char *mode;
	size_t len;

	if (!target)
		return errmsg_setx(e, -EINVAL, "'%s' is not SRC:DST or SRC:DST:ro", item);
	len = (size_t)(target - item);
	memcpy(part, item, len);
	part[len] = '\0';
	if (value_path(part, e) < 0)
		return e->code;
	target++;
	mode = strchr(target, ':');
	if (mode && strcmp(mode, ":ro") != 0)
		return errmsg_setx(e, -EINVAL, "'%s' is not SRC:DST or SRC:DST:ro", item);
	len = mode ? (size_t)(mode - target) : strlen(target);
	memcpy(part, target, len);
	part[len] = '\0';
	if (value_path(part, e) < 0)
		return e->code;
	if (strcmp(part, "/") == 0)
		return errmsg_setx(e, -EINVAL, "'%s': nothing can be put upon /", item);
	return 0;
}

static int item_check(const char *item, enum policy_list_kind kind, struct errmsg *e)
{
	if (*item == '-' && kind != LIST_PATHS_PLAIN)
		item++;
	return kind == LIST_BINDS ? bind_check(item, e) : value_path(item, e);
}

static bool list_has(const struct policy_list *list, const char *item)
{
	size_t at = 0;

	for (;;) {
		const char *other = policy_list_next(list, &at);

		if (!other)
			return false;
		if (strcmp(other + (*other == '-'), item + (*item == '-')) == 0)
			return true;
	}
}

static int item_add(struct policy_list *list, const char *item, struct errmsg *e)
{
	size_t len = strlen(item) + 1;

	if (list_has(list, item))
		return errmsg_setx(e, -EINVAL, "'%s' is there twice", item);
	if (len > sizeof(list->text) - list->used)
		return errmsg_setx(e, -EINVAL, "the list is longer than %zu bytes",
				   sizeof(list->text));
	memcpy(list->text + list->used, item, len);
	list->used = (uint16_t)(list->used + len);
	list->count++;
	return 0;
}

int policy_list_read(const char *text, enum policy_list_kind kind, struct policy_list *ret,
		     size_t *at, struct errmsg *e)
{
	struct policy_list list;
	const char *p = text;
	char item[ITEM_MAX] = "";

	if (strlen(text) > LIST_TEXT_MAX)
		return errmsg_setx(e, -EINVAL, "the list is longer than %d bytes", LIST_TEXT_MAX);
	/* All of it: equal lists are equal bytes. */
	memset(&list, 0, sizeof(list));
	for (p += strspn(p, " \t"); *p != '\0'; p += strspn(p, " \t")) {
		*at = (size_t)(p - text);
		if (item_read(&p, item, e) < 0 || item_check(item, kind, e) < 0 ||
		    item_add(&list, item, e) < 0)
			return e->code;
	}
	memcpy(ret, &list, sizeof(list));
	return 0;
}

/* A comment sign, or an escape that might come to stand at the end of the line. */
static bool list_needs_quotes(const struct policy_list *list)
{
	for (size_t i = 0; i < list->used; i++)
		if (list->text[i] != '\0' && strchr("#; \\", list->text[i]))
			return true;
	return false;
}

void policy_list_write(const struct policy_list *list, FILE *out)
{
	bool is_quoted = list_needs_quotes(list);
	size_t at = 0;
	const char *item = policy_list_next(list, &at);

	if (is_quoted)
		(void)fputc('"', out);
	for (bool is_first = true; item; item = policy_list_next(list, &at), is_first = false) {
		if (!is_first)
			(void)fputc(' ', out);
		for (const char *p = item; *p != '\0'; p++) {
			if (*p == ' ' || *p == '\\')
				(void)fputc('\\', out);
			(void)fputc(*p, out);
		}
	}
	if (is_quoted)
		(void)fputc('"', out);
}

const char *policy_bind_target(const char *item, size_t *ret_len)
{
	const char *target = strchr(item, ':') + 1;

	*ret_len = strcspn(target, ":");
	return target;
}
