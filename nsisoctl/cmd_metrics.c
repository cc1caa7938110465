/*
 * nsisoctl metrics: figures of all instances for monitoring.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "errmsg.h"
#include "metrics.h"
#include "nsisoctl.h"

static int metrics_write(FILE *out, struct errmsg *e)
{
	AUTO_FREE struct cgroup_use *use = NULL;
	struct views views;
	int r = views_read(NULL, &views, e);

	if (r < 0)
		return r;
	use = calloc(views.n + 1, sizeof(use[0]));
	for (size_t i = 0; use && i < views.n; i++)
		cgroup_use_of(&views.view[i].record, &use[i]);
	if (use)
		metrics_print(&views, use, out);
	views_done(&views);
	if (!use)
		return errmsg_set(e, -ENOMEM, "cannot gather the figures");
	return fflush(out) == 0 && !ferror(out) ? 0 :
						  errmsg_set(e, -EIO, "cannot write the metrics");
}

/* Renamed into place: who reads the file meanwhile has the old or the new one. */
static int file_write(const char *path, struct errmsg *e)
{
	AUTO_FREE char *draft = NULL;
	FILE *out;
	int fd, r;

	if (asprintf(&draft, "%s.XXXXXX", path) < 0) {
		draft = NULL;
		return errmsg_set(e, -ENOMEM, "cannot write %s", path);
	}
	fd = mkostemp(draft, O_CLOEXEC);
	out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!out) {
		r = errmsg_set(e, -errno, "cannot write %s", path);
		close_fd(&fd);
		return r;
	}
	r = metrics_write(out, e);
	if (r == 0 && fchmod(fd, 0644) < 0)
		r = errmsg_set(e, -errno, "cannot write %s", path);
	if (fclose(out) != 0 && r == 0)
		r = errmsg_set(e, -errno, "cannot write %s", path);
	if (r == 0 && rename(draft, path) < 0)
		r = errmsg_set(e, -errno, "cannot write %s", path);
	if (r < 0)
		(void)unlink(draft);
	return r;
}

int cmd_metrics(int argc, char **argv)
{
	static const struct option options[] = {
		{ "output", required_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = NULL;
	struct errmsg e = { 0 };
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'o')
			return usage_print("metrics");
		path = optarg;
	}
	if (optind != argc)
		return usage_print("metrics");
	if ((path ? file_write(path, &e) : metrics_write(stdout, &e)) == 0)
		return STATUS_OK;
	return error_print(&e);
}
