/*
 * [match]: the items of its five keys, checked and compared with the facts of a login.  The
 * remote host is the only fact that a stranger may choose; patterns are kept short of stars so
 * that no name can make the comparison slow.
 */
#include "policy_match.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "errmsg.h"
#include "facts.h"
#include "policy_fault.h"
#include "policy_scan.h"
#include "policy_value.h"

#define ITEM_MAX 256
#define STARS_MAX 4
#define SEPARATORS " \t,"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* An address or a net of addresses. */
struct net {
	int family;
	unsigned prefix; /* bits */
	unsigned char bytes[16];
};

/* Checks one item; with facts also compares: 1, 0, -errno. */
typedef int item_match(const char *item, const struct facts *facts, struct errmsg *e);

static int pattern_check(const char *item, const char *extra, struct errmsg *e)
{
	unsigned stars = 0;

	for (const char *p = item; *p != '\0'; p++) {
		if (*p == '*')
			stars++;
		else if (!strchr(LETTERS, *p) && !strchr(extra, *p))
			return errmsg_setx(e, -EINVAL, "'%s' has a character that no name has",
					   item);
	}
	if (stars > STARS_MAX)
		return errmsg_setx(e, -EINVAL, "'%s' has more than %d stars", item, STARS_MAX);
	return 0;
}

static int user_match(const char *item, const struct facts *facts, struct errmsg *e)
{
	if (!facts)
		return pattern_check(item, "_.-?[]^!", e);
	return fnmatch(item, facts->user, FNM_NOESCAPE) == 0;
}

static int service_match(const char *item, const struct facts *facts, struct errmsg *e)
{
	if (!facts)
		return pattern_check(item, "_.-@?[]^!", e);
	return fnmatch(item, facts->service, FNM_NOESCAPE) == 0;
}

static int group_match(const char *item, const struct facts *facts, struct errmsg *e)
{
	int r;

	if (!facts) {
		if (item[strspn(item, LETTERS "_.-@+$\\")] != '\0')
			return errmsg_setx(e, -EINVAL, "'%s' is not the name of a group", item);
		return 0;
	}
	r = facts_in_group(facts, item);
	if (r < 0)
		return errmsg_set(e, r, "cannot look up the group %s", item);
	return r;
}

static int uid_match(const char *item, const struct facts *facts, struct errmsg *e)
{
	char first[ITEM_MAX];
	const char *dash = strchr(item, '-');
	uint64_t from = 0;
	uint64_t to = 0;

	memcpy(first, item, strlen(item) + 1);
	if (dash)
		first[dash - item] = '\0';
	/* The last number is "no user" everywhere. */
	if (value_number(first, 0, UINT32_MAX - 1, &from, e) < 0 ||
	    value_number(dash ? dash + 1 : first, 0, UINT32_MAX - 1, &to, e) < 0)
		return e->code;
	if (from > to)
		return errmsg_setx(e, -EINVAL, "'%s' is empty: its end is before its beginning",
				   item);
	return facts && facts->uid >= from && facts->uid <= to;
}

/* IPv4 in IPv6's clothes is IPv4: sshd and others disagree about what they report. */
static bool address_read(const char *text, struct net *ret)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

	memset(ret, 0, sizeof(*ret));
	ret->family = AF_INET;
	ret->prefix = 32;
	if (inet_pton(AF_INET, text, ret->bytes) == 1)
		return true;
	ret->family = AF_INET6;
	ret->prefix = 128;
	if (inet_pton(AF_INET6, text, ret->bytes) != 1)
		return false;
	if (memcmp(ret->bytes, mapped, sizeof(mapped)) == 0) {
		memmove(ret->bytes, ret->bytes + sizeof(mapped), 4);
		ret->family = AF_INET;
		ret->prefix = 32;
	}
	return true;
}

static bool is_bit_set(const unsigned char *bytes, unsigned bit)
{
	return bytes[bit / 8] & 0x80 >> bit % 8;
}

/* "ADDRESS/PREFIX" */
static int net_read(const char *item, struct net *ret, struct errmsg *e)
{
	char address[ITEM_MAX];
	const char *slash = strchr(item, '/');
	uint64_t prefix = 0;
	unsigned bits;

	memcpy(address, item, (size_t)(slash - item));
	address[slash - item] = '\0';
	if (!address_read(address, ret))
		return errmsg_setx(e, -EINVAL, "'%s' is not an address", address);
	bits = ret->prefix;
	if (value_number(slash + 1, 0, bits, &prefix, e) < 0)
		return e->code;
	ret->prefix = (unsigned)prefix;
	for (unsigned bit = ret->prefix; bit < bits; bit++)
		if (is_bit_set(ret->bytes, bit))
			return errmsg_setx(e, -EINVAL,
					   "'%s': the address has bits set behind its "
					   "prefix",
					   item);
	return 0;
}

static bool net_has(const struct net *net, const char *rhost)
{
	char text[ITEM_MAX];
	struct net address;
	size_t len = strcspn(rhost, "%"); /* fe80::1%eth0 */

	if (len >= sizeof(text))
		return false;
	memcpy(text, rhost, len);
	text[len] = '\0';
	if (!address_read(text, &address) || address.family != net->family)
		return false;
	for (unsigned bit = 0; bit < net->prefix; bit++)
		if (is_bit_set(address.bytes, bit) != is_bit_set(net->bytes, bit))
			return false;
	return true;
}

static int rhost_match(const char *item, const struct facts *facts, struct errmsg *e)
{
	struct net net;

	if (strchr(item, '/')) {
		if (net_read(item, &net, e) < 0)
			return e->code;
	} else if (!address_read(item, &net)) {
		if (!facts)
			return pattern_check(item, "_.-:?[]^!", e);
		/* No remote host at all: not even "*" fits. */
		return facts->rhost[0] != '\0' &&
		       fnmatch(item, facts->rhost, FNM_NOESCAPE | FNM_CASEFOLD) == 0;
	}
	return facts && net_has(&net, facts->rhost);
}

static item_match *const matches[] = {
	[ROW_MATCH_USER] = user_match,   [ROW_MATCH_GROUP] = group_match,
	[ROW_MATCH_UID] = uid_match,     [ROW_MATCH_SERVICE] = service_match,
	[ROW_MATCH_RHOST] = rhost_match,
};

/* The item at *text without its "!"; *text moves behind it. */
static int item_read(const char **text, char *item, bool *ret_excludes, struct errmsg *e)
{
	size_t len = strcspn(*text, SEPARATORS);
	const char *name = *text;

	*ret_excludes = *name == '!';
	*text += len;
	if (*ret_excludes) {
		name++;
		len--;
	}
	if (len == 0)
		return errmsg_setx(e, -EINVAL, "'!' without a name behind it");
	if (len >= ITEM_MAX)
		return errmsg_setx(e, -EINVAL, "an item has at most %d bytes", ITEM_MAX - 1);
	memcpy(item, name, len);
	item[len] = '\0';
	return 0;
}

int policy_match_check(enum key_row row, const char *text, size_t *at, struct errmsg *e)
{
	const char *p = text;
	char item[ITEM_MAX];
	bool excludes;

	p += strspn(p, SEPARATORS);
	if (*p == '\0')
		return errmsg_setx(e, -EINVAL, "'%s' names nothing", text);
	for (; *p != '\0'; p += strspn(p, SEPARATORS)) {
		*at = (size_t)(p - text);
		if (item_read(&p, item, &excludes, e) < 0 || matches[row](item, NULL, e) < 0)
			return e->code;
	}
	return 0;
}

int policy_match_fits(enum key_row row, const char *text, const struct facts *facts,
		      struct errmsg *e)
{
	const char *p = text;
	char item[ITEM_MAX];
	bool excludes = false;
	bool is_wanted = false;
	bool has_wanted = false;

	for (p += strspn(p, SEPARATORS); *p != '\0'; p += strspn(p, SEPARATORS)) {
		int r = item_read(&p, item, &excludes, e);

		if (r == 0)
			r = matches[row](item, facts, e);
		if (r < 0)
			return r;
		if (r > 0 && excludes)
			return 0;
		has_wanted |= !excludes;
		is_wanted |= r > 0 && !excludes;
	}
	return is_wanted || !has_wanted;
}

int policy_scan_fits(const struct policy_scan *scan, const struct facts *facts, unsigned ignored,
		     struct policy_faults *faults)
{
	/* Groups last: they are asked for in files, or over the network. */
	static const enum key_row order[] = { ROW_MATCH_USER, ROW_MATCH_SERVICE, ROW_MATCH_UID,
					      ROW_MATCH_RHOST, ROW_MATCH_GROUP };
	char text[POLICY_LINE_MAX];
	struct errmsg e;

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		const struct policy_item *item = &scan->items[order[i]];
		int r;

		if (item->line == 0 || ignored & 1U << order[i])
			continue;
		memcpy(text, item->text, item->len);
		text[item->len] = '\0';
		r = policy_match_fits(order[i], text, facts, &e);
		if (r < 0)
			policy_fault(faults, item->line, item->column, "%s", e.text);
		if (r <= 0)
			return r;
	}
	return 1;
}
