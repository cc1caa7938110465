/*
 * nsisoctl show: what a login of a user comes to, through the very functions that the login itself uses.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "confdir.h"
#include "errmsg.h"
#include "facts.h"
#include "nsisoctl.h"
#include "plan.h"
#include "policy.h"

struct show {
	const char *confdir;
	const char *user;
	const char *service;
	const char *rhost;
	bool is_plan;
	bool is_explained;
};

enum { OPTION_SERVICE = 256, OPTION_RHOST, OPTION_PLAN, OPTION_EXPLAIN };

/* 0, or -1 for a wrong call. */
static int options_read(int argc, char **argv, struct show *ret)
{
	static const struct option options[] = {
		{ "service", required_argument, NULL, OPTION_SERVICE },
		{ "rhost", required_argument, NULL, OPTION_RHOST },
		{ "plan", no_argument, NULL, OPTION_PLAN },
		{ "explain", no_argument, NULL, OPTION_EXPLAIN },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "C:", options, NULL)) != -1) {
		switch (option) {
		case 'C':
			ret->confdir = optarg;
			break;
		case OPTION_SERVICE:
			ret->service = optarg;
			break;
		case OPTION_RHOST:
			ret->rhost = optarg;
			break;
		case OPTION_PLAN:
			ret->is_plan = true;
			break;
		case OPTION_EXPLAIN:
			ret->is_explained = true;
			break;
		default:
			return -1;
		}
	}
	if (optind + 1 != argc || (ret->is_plan && ret->is_explained))
		return -1;
	ret->user = argv[optind];
	return 0;
}

static int facts_fill(const struct show *show, struct facts *ret, struct errmsg *e)
{
	if (strlen(show->service) >= sizeof(ret->service))
		return errmsg_setx(e, -EINVAL, "the name of the service is too long");
	if (strlen(show->rhost) >= sizeof(ret->rhost))
		return errmsg_setx(e, -EINVAL, "the name of the remote host is too long");
	if (facts_user(show->user, ret, e) < 0)
		return e->code;
	memcpy(ret->service, show->service, strlen(show->service) + 1);
	memcpy(ret->rhost, show->rhost, strlen(show->rhost) + 1);
	/* A real one is made for each instance. */
	memcpy(ret->id, "ID", sizeof("ID"));
	return 0;
}

/* Its faults are printed as they are found; those that no reporter was told of stand in e. */
static int policy_read(const struct show *show, const struct facts *facts, struct policy *ret,
		       struct errmsg *e)
{
	AUTO_FREE char *confdir = path_absolute(show->confdir);
	AUTO_FREE char *prefix = NULL;
	struct fault_printer printer = { 0 };
	int r;

	if (!confdir || asprintf(&prefix, "%s/", show->confdir) < 0)
		return errmsg_set(e, -errno, "cannot find %s", show->confdir);
	printer.prefix = prefix;
	r = policy_find(confdir, facts, fault_print, &printer, ret, e);
	if (r < 0 && printer.count > 0)
		e->text[0] = '\0';
	return r;
}

static int plan_show(const struct policy *policy, struct facts *facts, struct errmsg *e)
{
	AUTO_FREE struct plan *plan = calloc(1, sizeof(*plan));

	if (!plan)
		return errmsg_set(e, -ENOMEM, "cannot make a plan");
	if (facts_kernel(facts, policy, e) < 0 || facts_maps(facts, policy, e) < 0 ||
	    plan_build(policy, facts, plan, e) < 0)
		return e->code;
	plan_print(plan, stdout);
	return 0;
}

/* Which files made it, and whether it applies at all. */
static void header_print(const struct policy *policy, const struct facts *facts)
{
	const char *reason = policy_skip_reason(policy, facts);

	(void)printf("# user %s, service %s%s%s\n", facts->user, facts->service,
		     facts->rhost[0] ? ", from " : "", facts->rhost);
	for (unsigned i = 0; i < policy->n_files; i++)
		(void)printf("# file %s\n", policy->files[i]);
	if (reason)
		(void)printf("# not isolated: %s\n", reason);
	(void)putchar('\n');
}

static int show_run(const struct show *show, struct errmsg *e)
{
	struct facts facts = { 0 };
	struct policy policy;

	if (facts_fill(show, &facts, e) < 0 || policy_read(show, &facts, &policy, e) < 0)
		return e->code;
	header_print(&policy, &facts);
	if (policy.n_files == 0)
		return 0;
	if (show->is_plan)
		return plan_show(&policy, &facts, e);
	policy_print(&policy, show->is_explained, stdout);
	return 0;
}

int cmd_show(int argc, char **argv)
{
	struct show show = { .confdir = NSISO_CONFDIR, .service = "sshd", .rhost = "" };
	struct errmsg e = { 0 };

	if (options_read(argc, argv, &show) < 0)
		return usage_print("show");
	if (show_run(&show, &e) == 0)
		return STATUS_OK;
	if (e.text[0] != '\0')
		(void)fprintf(stderr, "nsisoctl: %s\n", e.text);
	return STATUS_FAULT;
}
