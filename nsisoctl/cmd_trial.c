/*
 * nsisoctl trial: builds an instance of a user's as a login does, looks at it from both sides, and ends it.  It
 * is never joined by a login, and shares no limit with one: what the user has running does not feel it.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "actor.h"
#include "cleanup.h"
#include "confdir.h"
#include "nsisoctl.h"
#include "policy_trust.h"
#include "trial.h"

#define SECONDS_DEFAULT 60
#define SECONDS_MAX 86400
#define GRACE_MAX 1000 /* ms: a trial's processes have nothing to save */

enum { OPTION_SERVICE = 256, OPTION_RHOST, OPTION_WITH, OPTION_TIMEOUT };

struct options {
	const char *confdir, *user, *service, *rhost;
	const char *with; /* a draft of users.d/USER.conf */
	unsigned seconds;
	char **command; /* NULL at its end */
};

static bool seconds_read(const char *text, unsigned *ret)
{
	char *end = NULL;
	long value = strtol(text, &end, 10);

	*ret = (unsigned)value;
	return *text >= '0' && *text <= '9' && *end == '\0' && value > 0 && value <= SECONDS_MAX;
}

static int options_read(int argc, char **argv, struct options *ret)
{
	static const struct option options[] = {
		{ "service", required_argument, NULL, OPTION_SERVICE },
		{ "rhost", required_argument, NULL, OPTION_RHOST },
		{ "with", required_argument, NULL, OPTION_WITH },
		{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "+C:", options, NULL)) != -1) {
		if (option == 'C')
			ret->confdir = optarg;
		else if (option == OPTION_SERVICE)
			ret->service = optarg;
		else if (option == OPTION_RHOST)
			ret->rhost = optarg;
		else if (option == OPTION_WITH)
			ret->with = optarg;
		else if (option != OPTION_TIMEOUT || !seconds_read(optarg, &ret->seconds))
			return -1;
	}
	if (optind == argc)
		return -1;
	ret->user = argv[optind++];
	if (optind < argc && strcmp(argv[optind], "--") != 0)
		return -1;
	if (optind < argc && ++optind == argc)
		return -1;
	ret->command = &argv[optind];
	return 0;
}

/* As ssh(1) does it: words with a space between, for the login shell. */
static char *command_join(char **words)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out;

	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	for (char **word = words; *word; word++)
		(void)fprintf(out, "%s%s", word == words ? "" : " ", *word);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static int user_fill(const struct options *options, struct trial_shared *ret, struct errmsg *e)
{
	struct facts *facts = &ret->opener.facts;
	const struct passwd *account;

	if (strlen(options->service) >= sizeof(facts->service) ||
	    strlen(options->rhost) >= sizeof(facts->rhost))
		return errmsg_setx(e, -EINVAL, "the name of the service or host is too long");
	if (facts_user(options->user, facts, e) < 0 || facts_id(facts, e) < 0)
		return e->code;
	(void)snprintf(facts->service, sizeof(facts->service), "%s", options->service);
	(void)snprintf(facts->rhost, sizeof(facts->rhost), "%s", options->rhost);
	facts->is_trial = true;
	ret->user.facts = *facts;
	ret->user.n_groups = ENTER_GROUPS_MAX;
	if (getgrouplist(facts->user, facts->gid, ret->user.groups, &ret->user.n_groups) < 0)
		return errmsg_setx(e, -E2BIG, "user %s is in too many groups", facts->user);
	account = getpwuid(facts->uid);
	(void)snprintf(ret->shell, sizeof(ret->shell), "%s",
		       account && *account->pw_shell ? account->pw_shell : "/bin/sh");
	return 0;
}

static int draft_read(const char *path, char **ret, size_t *ret_len, struct errmsg *e)
{
	if (trust_file_read_any(AT_FDCWD, path, ret, ret_len, e) < 0)
		return errmsg_wrap(e, "%s", path);
	return 0;
}

/* Faults are printed as they are found; e has no text then. */
static int policy_read(const struct options *options, const struct facts *facts, struct policy *ret,
		       struct errmsg *e)
{
	AUTO_FREE char *confdir = path_absolute(options->confdir);
	AUTO_FREE char *prefix = NULL, *draft = NULL, *text = NULL;
	struct fault_printer printer = { 0 };
	struct policy_query query = { .report = fault_print, .ctx = &printer };
	int r;

	if (!confdir || asprintf(&prefix, "%s/", options->confdir) < 0 ||
	    asprintf(&draft, "users.d/%s.conf", facts->user) < 0)
		return errmsg_setx(e, -ENOMEM, "out of memory");
	query.confdir = confdir;
	printer.prefix = prefix;
	if (options->with && draft_read(options->with, &text, &query.draft_len, e) < 0)
		return e->code;
	query.draft = options->with ? draft : NULL;
	query.draft_text = text;
	r = policy_find_as(&query, facts, ret, e);
	if (r < 0 && printer.count > 0)
		e->text[0] = '\0';
	return r;
}

/*
 * What a trial does otherwise than a login: nobody else joins, the limits of the user are set on a cgroup of its
 * own and by the kernel's files, the user's processes outside are let alone, and it ends when it is over.
 */
static int policy_adapt(struct trial_shared *shared, struct errmsg *e)
{
	struct policy *policy = &shared->policy;
	const char *reason = policy_skip_reason(policy, &shared->opener.facts);

	if (reason)
		return errmsg_setx(e, -EINVAL, "logins of user %s are not isolated: %s",
				   shared->opener.facts.user, reason);
	policy->session.scope = SCOPE_SESSION;
	policy->session.linger = 0;
	policy->session.max_sessions = 0;
	if (policy->session.outside == OUTSIDE_KILL)
		policy->session.outside = OUTSIDE_WARN;
	if (policy->session.grace > GRACE_MAX)
		policy->session.grace = GRACE_MAX;
	policy->cgroup.backend = POLICY_BACKEND_CGROUPFS;
	shared->user.welcome.bounding = policy->caps.bounding;
	shared->user.welcome.no_new_privs = policy->caps.no_new_privs;
	shared->opener.statedir = NSISO_RUNDIR;
	shared->opener.policy = policy;
	shared->opener.conn = -1;
	return 0;
}

static void tell_log(const struct facts *facts)
{
	char actor[64];

	actor_name(actor, sizeof(actor));
	openlog("nsisoctl", LOG_PID, LOG_AUTHPRIV);
	syslog(LOG_NOTICE, "trial: user=%s id=%s by=%s", facts->user, facts->id, actor);
	closelog();
}

/* Everything is open now; the opener gets its ends of it. */
static int run(struct trial *trial, unsigned seconds)
{
	AUTO_CLOSE int ours = -1, out = -1, err = -1;
	int pair[2], pipes[2][2], output[2], status = STATUS_FAULT;
	bool is_over;
	pid_t opener;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0 ||
	    pipe2(pipes[0], O_CLOEXEC) < 0 || pipe2(pipes[1], O_CLOEXEC) < 0) {
		(void)fprintf(stderr, "nsisoctl: cannot make pipes: %s\n", strerror(errno));
		return STATUS_FAULT;
	}
	ours = pair[0];
	out = output[0] = pipes[0][0];
	err = output[1] = pipes[1][0];
	(void)fflush(NULL);
	opener = fork();
	if (opener == 0) {
		close_fd(&ours);
		trial->sock = pair[1];
		trial->output[0] = pipes[0][1];
		trial->output[1] = pipes[1][1];
		_exit(trial_open(trial));
	}
	(void)close(pair[1]);
	(void)close(pipes[0][1]);
	(void)close(pipes[1][1]);
	if (opener < 0) {
		(void)fprintf(stderr, "nsisoctl: cannot fork: %s\n", strerror(errno));
		return STATUS_FAULT;
	}
	trial->sock = ours;
	is_over = trial_watch(trial, opener, output, seconds, &status);
	trial_end(trial);
	if (trial->n_failed > 0 || !is_over)
		return STATUS_FAULT;
	return trial->command ? status : STATUS_OK;
}

static int trial_run(const struct options *options, struct trial *trial)
{
	AUTO_FREE char *command = *options->command ? command_join(options->command) : NULL;
	struct trial_shared *shared = trial->shared;
	struct errmsg e = { .text = "" };
	char files[512];

	trial->command = command;
	/* With a command, standard output is the command's. */
	trial->out = command ? stderr : stdout;
	if (geteuid() != 0)
		(void)errmsg_setx(&e, -EPERM, "trial needs root, as a login program does");
	if (e.code == 0 && user_fill(options, shared, &e) == 0 &&
	    policy_read(options, &shared->opener.facts, &shared->policy, &e) == 0 &&
	    policy_adapt(shared, &e) == 0)
		e.code = 0;
	if (e.code < 0)
		return e.text[0] != '\0' ? error_print(&e) : STATUS_FAULT;
	tell_log(&shared->opener.facts);
	policy_file_names(&shared->policy, files, sizeof(files));
	(void)fprintf(trial->out,
		      "trial %s of user %s, service %s: %s%s\n\n      us  by          step\n",
		      shared->opener.facts.id, shared->opener.facts.user, options->service, files,
		      options->with ? " (draft)" : "");
	return run(trial, options->seconds);
}

int cmd_trial(int argc, char **argv)
{
	struct options options = {
		.confdir = NSISO_CONFDIR, .service = "sshd", .rhost = "", .seconds = SECONDS_DEFAULT
	};
	struct trial trial = { .n_failed = 0 };
	int status;

	if (options_read(argc, argv, &options) < 0)
		return usage_print("trial");
	trial.shared = mmap(NULL, sizeof(*trial.shared), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (trial.shared == MAP_FAILED) {
		(void)fprintf(stderr, "nsisoctl: out of memory\n");
		return STATUS_FAULT;
	}
	status = trial_run(&options, &trial);
	(void)munmap(trial.shared, sizeof(*trial.shared));
	return status;
}
