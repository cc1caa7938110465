/*
 * nsisoctl doctor: looks at a host as a whole for what keeps logins from being isolated.  Reads only.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "confdir.h"
#include "doctor.h"
#include "doctor_accounts.h"
#include "nsisoctl.h"

enum { OPTION_JSON = 256, OPTION_ROOT };

struct options {
	const char *root;
	bool is_json;
};

static int options_read(int argc, char **argv, struct options *ret)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "root", required_argument, NULL, OPTION_ROOT },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == OPTION_JSON)
			ret->is_json = true;
		else if (option == OPTION_ROOT)
			ret->root = optarg;
		else
			return -1;
	}
	return optind == argc ? 0 : -1;
}

/* A part that needs what another one found comes after it. */
static void run_all(struct doctor *d)
{
	struct doctor_users users = { 0 };

	d->users = &users;
	doctor_sshd_read(d);
	if (d->sshd_service) {
		doctor_pam(d);
		doctor_sshd(d);
		doctor_users(d);
		doctor_groups(d);
		doctor_subids(d);
		doctor_kernel(d);
		doctor_cgroup(d);
		doctor_install(d);
		doctor_manager(d);
		doctor_processes(d);
	}
	accounts_free(&users);
	d->users = NULL;
}

int cmd_doctor(int argc, char **argv)
{
	struct options options = { .root = "/" };
	struct doctor d = { .confdir = NSISO_CONFDIR };
	AUTO_FREE char *root = NULL;
	AUTO_CLOSE int fd = -1;
	int status;

	if (options_read(argc, argv, &options) < 0)
		return usage_print("doctor");
	d.is_live = strcmp(options.root, "/") == 0;
	if (d.is_live && geteuid() != 0) {
		(void)fputs("nsisoctl: doctor needs root to look at this host\n", stderr);
		return STATUS_FAULT;
	}
	root = path_absolute(options.root);
	fd = root ? open(root, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd < 0) {
		(void)fprintf(stderr, "nsisoctl: cannot open %s: %s\n", options.root,
			      strerror(errno));
		return STATUS_FAULT;
	}
	d.root = fd;
	d.prefix = d.is_live ? "" : root;
	run_all(&d);
	if (options.is_json)
		doctor_print_json(&d, stdout);
	else
		doctor_print(&d, stdout);
	status = doctor_count(&d, SEVERITY_PROBLEM) > 0 ? STATUS_FAULT : STATUS_OK;
	if (d.is_out_of_memory) {
		(void)fputs("nsisoctl: out of memory: something is missing above\n", stderr);
		status = STATUS_FAULT;
	}
	doctor_done(&d);
	return status;
}
