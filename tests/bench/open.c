/*
 * Times pam_open_session() and pam_close_session() of several PAM services in one run, by turns, so that
 * whatever else the machine does falls upon all of them alike.  Each sample is a process of its own.
 *
 *   open [-n SAMPLES] [-p PAUSE_MS] [-q] [-c CPUSTAT] [-s STATEDIR] CONFDIR VARIANT...
 *   open -m COUNT [-k] [-s STATEDIR] CONFDIR VARIANT...
 *
 * VARIANT is NAME=SERVICE,USER[,join]: with join another process keeps a session open meanwhile, and what
 * a sample leaves is not awaited.  Ratios are to the first variant.  -m: COUNT sessions at once, USER a
 * format for their number; -k: they stay until the end of standard input.  -q: each sample waits a little
 * for a moment at which nothing else runs.  CPUSTAT is the cpu.stat of the cgroup that all of it runs in.
 * STATEDIR is watched for the end of what a session leaves.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define VARIANTS_MAX 32
#define SAMPLES_MAX 1000
#define GONE_TIMEOUT 20000 /* ms */
#define QUIET_TIMEOUT 100  /* ms */

enum column { LOAD, OPEN, CLOSE, GONE, CPU, COLUMNS };

struct variant {
	char name[48], service[48], user[48];
	bool join;
	unsigned long before; /* instances of the user */
	double us[COLUMNS][SAMPLES_MAX];
};

/* What the process of a sample reports. */
struct sample {
	int64_t us[COLUMNS];
	int64_t closed; /* when */
};

static const char *confdir, *statedir = "/run/nsiso", *cpu_stat;
static struct variant variants[VARIANTS_MAX];
static unsigned n_variants, n_samples = 40, pause_ms;
static bool quiet;

static int64_t now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void sleep_us(int64_t us)
{
	struct timespec time = { .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };

	(void)nanosleep(&time, NULL);
}

static __attribute__((noreturn)) void die(const char *what, const char *reason)
{
	(void)fprintf(stderr, "open: %s: %s\n", what, reason);
	exit(1);
}

static int converse(int n, const struct pam_message **messages, struct pam_response **ret,
		    void *data)
{
	int i;

	(void)data;
	for (i = 0; i < n; i++)
		(void)fprintf(stderr, "open: %s\n", messages[i]->msg);
	*ret = calloc((size_t)n, sizeof(**ret));
	return *ret ? PAM_SUCCESS : PAM_BUF_ERR;
}

/* In a child: one session; between open and close the word on ready, and the end of stop is awaited. */
static __attribute__((noreturn)) void run_session(const struct variant *variant, const char *user,
						  int ready, int stop)
{
	const struct pam_conv conv = { .conv = converse };
	struct sample sample = { .closed = 0 };
	pam_handle_t *pamh;
	int64_t begin = now_us();
	char c = 0;
	int r;

	r = pam_start_confdir(variant->service, user, &conv, confdir, &pamh);
	if (r != PAM_SUCCESS)
		_exit(1);
	sample.us[LOAD] = now_us() - begin;
	begin = now_us();
	r = pam_open_session(pamh, 0);
	sample.us[OPEN] = now_us() - begin;
	if (r != PAM_SUCCESS) {
		(void)fprintf(stderr, "open: %s: %s\n", variant->name, pam_strerror(pamh, r));
		_exit(1);
	}
	if (stop >= 0 && (write(ready, &c, 1) != 1 || read(stop, &c, 1) != 0))
		_exit(1);
	begin = now_us();
	(void)pam_close_session(pamh, 0);
	sample.closed = now_us();
	sample.us[CLOSE] = sample.closed - begin;
	if (stop < 0 && write(ready, &sample, sizeof(sample)) != (ssize_t)sizeof(sample))
		_exit(1);
	(void)pam_end(pamh, PAM_SUCCESS);
	_exit(0);
}

/* The instances of a user: folders in a folder are its links beyond two. */
static unsigned long count_instances(const char *user)
{
	struct stat st;
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", statedir, user);
	return lstat(path, &st) == 0 ? st.st_nlink : 0;
}

/* Until no more are there than before; a service without state is gone at once. */
static void wait_gone(const char *user, unsigned long before)
{
	int64_t end = now_us() + GONE_TIMEOUT * 1000;

	while (count_instances(user) > before) {
		if (now_us() > end)
			die(user, "has an instance still");
		sleep_us(100);
	}
}

/* A moment at which nothing else runs, if there is one soon. */
static void wait_quiet(void)
{
	int64_t end = now_us() + QUIET_TIMEOUT * 1000;
	unsigned running = 2;
	FILE *file;

	while (quiet && running > 1 && now_us() < end) {
		file = fopen("/proc/loadavg", "re");
		if (!file || fscanf(file, "%*f %*f %*f %u", &running) != 1)
			running = 1;
		if (file)
			(void)fclose(file);
		if (running > 1)
			sleep_us(1000);
	}
}

/* What all processes of our cgroup have used, in µs; 0 where nobody counts. */
static int64_t read_cpu(void)
{
	FILE *file = cpu_stat ? fopen(cpu_stat, "re") : NULL;
	long long us = 0;

	if (file && fscanf(file, "usage_usec %lld", &us) != 1)
		us = 0;
	if (file)
		(void)fclose(file);
	return us;
}

static void reap(pid_t pid, const char *name)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || status != 0)
		die(name, "the session failed");
}

static void take_sample(struct variant *variant, unsigned at)
{
	struct sample sample;
	int pair[2], column;
	int64_t cpu;
	ssize_t n;
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC) < 0)
		die("pipe", strerror(errno));
	wait_quiet();
	cpu = read_cpu();
	pid = fork();
	if (pid == 0)
		run_session(variant, variant->user, pair[1], -1);
	(void)close(pair[1]);
	n = read(pair[0], &sample, sizeof(sample));
	(void)close(pair[0]);
	reap(pid, variant->name);
	if (n != (ssize_t)sizeof(sample))
		die(variant->name, "no sample");
	if (!variant->join)
		wait_gone(variant->user, variant->before);
	sample.us[GONE] = now_us() - sample.closed;
	sample.us[CPU] = read_cpu() - cpu;
	for (column = 0; column < COLUMNS; column++)
		variant->us[column][at] = (double)sample.us[column];
	if (pause_ms)
		sleep_us((int64_t)pause_ms * 1000);
}

/* Sessions that stay until the writer's end of stop is closed. */
struct crowd {
	int stop[2];
	pid_t *pids;
	unsigned n;
};

static void crowd_start(struct crowd *crowd, unsigned size)
{
	crowd->n = 0;
	crowd->pids = calloc(size + 1, sizeof(*crowd->pids));
	if (!crowd->pids || pipe2(crowd->stop, O_CLOEXEC) < 0)
		die("pipe", strerror(errno));
}

static void crowd_add(struct crowd *crowd, const struct variant *variant, const char *user)
{
	int ready[2];
	pid_t pid;
	char c;

	if (pipe2(ready, O_CLOEXEC) < 0)
		die("pipe", strerror(errno));
	pid = fork();
	if (pid == 0) {
		(void)close(crowd->stop[1]);
		(void)close(ready[0]);
		run_session(variant, user, ready[1], crowd->stop[0]);
	}
	(void)close(ready[1]);
	/* If it fails, our end ends the others. */
	if (pid < 0 || read(ready[0], &c, 1) != 1)
		die(variant->name, "a session failed");
	(void)close(ready[0]);
	crowd->pids[crowd->n++] = pid;
}

static void crowd_end(struct crowd *crowd)
{
	unsigned i;

	(void)close(crowd->stop[1]);
	for (i = 0; i < crowd->n; i++)
		reap(crowd->pids[i], "crowd");
	(void)close(crowd->stop[0]);
	free(crowd->pids);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double rank(const double *sorted, unsigned percent)
{
	return sorted[(n_samples - 1) * percent / 100];
}

/* The ratios of the medians, and of the tenth percentiles, which a busy machine disturbs less. */
static void print_table(void)
{
	double median = 1, low = 1;
	unsigned i, column;

	printf("%-30s %6s %6s %6s %6s %6s %6s %6s %6s %6s %6s\n", "us", "min", "p10", "median",
	       "p95", "ratio", "at p10", "close", "gone", "load", "cpu");
	for (i = 0; i < n_variants; i++) {
		struct variant *v = &variants[i];
		const double *open = v->us[OPEN];

		for (column = 0; column < COLUMNS; column++)
			qsort(v->us[column], n_samples, sizeof(double), compare);
		if (i == 0) {
			median = rank(open, 50);
			low = rank(open, 10);
		}
		printf("%-30s %6.0f %6.0f %6.0f %6.0f %6.2f %6.2f %6.0f %6.0f %6.0f %6.0f\n",
		       v->name, open[0], rank(open, 10), rank(open, 50), rank(open, 95),
		       rank(open, 50) / median, rank(open, 10) / low, rank(v->us[CLOSE], 50),
		       rank(v->us[GONE], 50), rank(v->us[LOAD], 50), rank(v->us[CPU], 50));
	}
}

/* What every login program has done by itself before it opens a session. */
static void warm_up(void)
{
	time_t now = time(NULL);
	struct tm tm;

	(void)getpwnam("root");
	tzset();
	(void)localtime_r(&now, &tm);
}

/* Two rounds ahead of those that count fill the caches. */
static void run_by_turns(void)
{
	struct crowd keepers;
	unsigned i, v, joins = 0;

	for (v = 0; v < n_variants; v++)
		joins += variants[v].join;
	crowd_start(&keepers, joins);
	for (v = 0; v < n_variants; v++)
		if (variants[v].join)
			crowd_add(&keepers, &variants[v], variants[v].user);
	for (i = 0; i < n_samples + 2; i++)
		for (v = 0; v < n_variants; v++)
			take_sample(&variants[v], i < 2 ? 0 : i - 2);
	crowd_end(&keepers);
	print_table();
}

static void name_user(char *ret, size_t size, const char *format, unsigned number)
{
	const char *mark = strchr(format, '%');

	if (mark)
		(void)snprintf(ret, size, "%.*s%u%s", (int)(mark - format), format, number,
			       mark + 1);
	else
		(void)snprintf(ret, size, "%s", format);
}

static void run_crowd(const struct variant *variant, unsigned count, bool keep)
{
	int64_t begin = now_us(), built, closed;
	struct crowd crowd;
	char user[64], c;
	unsigned i;

	crowd_start(&crowd, count);
	for (i = 0; i < count; i++) {
		name_user(user, sizeof(user), variant->user, i);
		crowd_add(&crowd, variant, user);
	}
	built = now_us();
	if (keep) {
		(void)puts("ready");
		(void)fflush(stdout);
		while (read(STDIN_FILENO, &c, 1) > 0)
			;
	}
	closed = now_us();
	crowd_end(&crowd);
	for (i = 0; i < count; i++) {
		name_user(user, sizeof(user), variant->user, i);
		wait_gone(user, 0);
	}
	if (!keep)
		printf("%-34s built in %8.1f ms, %6.0f µs each; all gone after %7.1f ms\n",
		       variant->name, (double)(built - begin) / 1000,
		       (double)(built - begin) / count, (double)(now_us() - closed) / 1000);
}

static void add_variant(const char *text)
{
	struct variant *v = &variants[n_variants++];
	char flag[8] = "";

	if (sscanf(text, "%47[^=]=%47[^,],%47[^,],%7s", v->name, v->service, v->user, flag) < 3)
		die(text, "is no variant");
	v->join = strcmp(flag, "join") == 0;
	v->before = count_instances(v->user);
}

int main(int argc, char **argv)
{
	unsigned count = 0, i;
	bool keep = false;
	int c;

	while ((c = getopt(argc, argv, "c:n:p:s:m:kq")) != -1) {
		if (c == 'n')
			n_samples = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 'p')
			pause_ms = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 's')
			statedir = optarg;
		else if (c == 'm')
			count = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 'c')
			cpu_stat = optarg;
		else if (c == 'k')
			keep = true;
		else if (c == 'q')
			quiet = true;
		else
			return 2;
	}
	if (argc - optind < 2 || argc - optind > VARIANTS_MAX || n_samples == 0 ||
	    n_samples > SAMPLES_MAX)
		die("usage",
		    "open [-n N] [-p MS] [-q] [-m COUNT [-k]] [-s STATEDIR] CONFDIR VARIANT...");
	confdir = argv[optind++];
	while (optind < argc)
		add_variant(argv[optind++]);
	warm_up();
	if (!count)
		run_by_turns();
	for (i = 0; count && i < n_variants; i++)
		run_crowd(&variants[i], count, keep);
	return 0;
}
