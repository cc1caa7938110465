/*
 * sshd_config(5) and the files it includes: whether PAM is asked, and what sshd starts without a login
 * shell.  sshd -T knows better what holds, the files know where it stands.
 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "cleanup.h"
#include "doctor.h"
#include "sys.h"

#define CONFIG "/etc/ssh/sshd_config"
#define DEPTH_MAX 16      /* of Include, as in sshd's servconf.c */
#define SSHD_TIMEOUT 5000 /* ms for sshd -T */
#define OUTPUT_MAX 65536  /* bytes of it */

static const struct doctor_rule rule_use_pam = {
	"sshd-usepam", SEVERITY_PROBLEM, "no PAM module runs, so no login through sshd is isolated",
	"set 'UsePAM yes'"
};
static const struct doctor_rule rule_internal = {
	"sshd-internal-sftp", SEVERITY_PROBLEM,
	"it starts no login shell, so where PAM does not isolate nothing does",
	"isolate the service of sshd by PAM, see above"
};
static const struct doctor_rule rule_chroot = {
	"sshd-chroot", SEVERITY_WARNING,
	"nsshell and what it asks are not found below that folder, so shells are refused",
	"leave it out, and use [mount] hide and home = own; or force internal-sftp as well"
};
static const struct doctor_rule rule_environment = {
	"sshd-environment", SEVERITY_WARNING,
	"users load code into nsshell by LD_PRELOAD, before it has given up what it can",
	"set 'PermitUserEnvironment no', or name the harmless variables"
};

/* What was read, the first place of each. */
struct place {
	char *file, *value;
	unsigned line;
};

struct sshd {
	struct doctor *d;
	struct place use_pam, service, internal, chroot, environment;
	bool is_internal_forced;
	unsigned depth;
	bool is_too_deep; /* files that include each other: sshd(8) takes none of it */
	bool in_match;
};

static void file_read(struct sshd *s, const char *path);

static void place_set(struct sshd *s, struct place *ret, const char *file, unsigned line,
		      const char *value)
{
	if (ret->file)
		return;
	*ret = (struct place){ strdup(file), strdup(value), line };
	if (!ret->file || !ret->value)
		s->d->is_out_of_memory = true;
}

static void place_done(const struct place *place)
{
	free(place->file);
	free(place->value);
}

/* The last part of a path may be a pattern; sshd's glob(3) allows more, nobody has it. */
static void include_read(struct sshd *s, const char *pattern)
{
	AUTO_FREE char *path = NULL;
	char **names = NULL, *slash;
	int n;

	if (asprintf(&path, "%s%s", *pattern == '/' ? "" : "/etc/ssh/", pattern) < 0) {
		path = NULL;
		return;
	}
	slash = strrchr(path, '/');
	*slash = '\0';
	n = doctor_names(s->d, slash == path ? "/" : path, "", &names);
	for (int i = 0; i < n && !s->is_too_deep; i++) {
		AUTO_FREE char *file = NULL;

		if (fnmatch(slash + 1, names[i], 0) != 0)
			continue;
		if (asprintf(&file, "%s/%s", path, names[i]) < 0)
			file = NULL;
		if (file)
			file_read(s, file);
	}
	doctor_names_free(names, n);
}

static bool is_internal(const char *value)
{
	return value && strcmp(value, "internal-sftp") == 0;
}

static void line_read(struct sshd *s, char *text, const char *file, unsigned line)
{
	char *key, *value, *at;

	/* "key=value" is right, too, and quotes around the value. */
	for (at = text; *at; at++)
		if (*at == '"' || (*at == '=' && !strchr(text, ' ')))
			*at = ' ';
	key = doctor_word(&text);
	value = key && *key != '#' ? doctor_word(&text) : NULL;
	if (!value)
		return;
	if (strcasecmp(key, "Match") == 0)
		s->in_match = strcasecmp(value, "all") != 0;
	else if (strcasecmp(key, "UsePAM") == 0)
		place_set(s, &s->use_pam, file, line, value);
	else if (strcasecmp(key, "PAMServiceName") == 0 && !s->in_match)
		place_set(s, &s->service, file, line, value);
	else if (strcasecmp(key, "Subsystem") == 0 && is_internal(doctor_word(&text)))
		place_set(s, &s->internal, file, line, "Subsystem");
	else if (strcasecmp(key, "ChrootDirectory") == 0 && strcasecmp(value, "none") != 0)
		place_set(s, &s->chroot, file, line, value);
	else if (strcasecmp(key, "PermitUserEnvironment") == 0 && strcasecmp(value, "no") != 0)
		place_set(s, &s->environment, file, line, value);
	if (strcasecmp(key, "ForceCommand") == 0 && is_internal(value)) {
		s->is_internal_forced = true;
		place_set(s, &s->internal, file, line, "ForceCommand");
	}
	for (; value && strcasecmp(key, "Include") == 0; value = doctor_word(&text))
		include_read(s, value);
}

static void file_read(struct sshd *s, const char *path)
{
	AUTO_FREE char *text = NULL;
	struct doctor_text lines = { .line = 0 };
	const bool outer = s->in_match;
	char *line;

	if (s->depth == DEPTH_MAX)
		s->is_too_deep = true;
	else
		text = doctor_read(s->d, path);
	if (!text)
		return;
	lines.at = text;
	s->depth++;
	while (!s->is_too_deep && (line = doctor_line(&lines, false)))
		line_read(s, line, path, lines.line);
	s->depth--;
	/* A Match block ends with its file. */
	if (s->depth > 0)
		s->in_match = outer;
}

/* What `sshd -T` prints, for free(), or NULL: it does not run, or took too long. */
static char *sshd_ask(void)
{
	char *const argv[] = { (char *)"sshd", (char *)"-T", NULL };
	char *const environment[] = { NULL };
	AUTO_FREE char *text = calloc(1, OUTPUT_MAX);
	AUTO_CLOSE int ours = -1, theirs = -1, null = open("/dev/null", O_RDWR | O_CLOEXEC);
	posix_spawn_file_actions_t actions;
	struct pollfd poller;
	int pair[2], status = -1;
	size_t used = 0;
	ssize_t n = 1;
	char *taken;
	pid_t pid;

	if (!text || null < 0 || pipe2(pair, O_CLOEXEC) < 0)
		return NULL;
	ours = pair[0];
	theirs = pair[1];
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_adddup2(&actions, null, 0);
	(void)posix_spawn_file_actions_adddup2(&actions, theirs, 1);
	(void)posix_spawn_file_actions_adddup2(&actions, null, 2);
	if (posix_spawn(&pid, "/usr/sbin/sshd", &actions, NULL, argv, environment) != 0)
		pid = -1;
	(void)posix_spawn_file_actions_destroy(&actions);
	close_fd(&theirs);
	if (pid < 0)
		return NULL;
	poller = (struct pollfd){ .fd = ours, .events = POLLIN };
	while (n > 0 && used < OUTPUT_MAX - 1 && poll(&poller, 1, SSHD_TIMEOUT) > 0) {
		n = read(ours, text + used, OUTPUT_MAX - 1 - used);
		used += n > 0 ? (size_t)n : 0;
	}
	if (n > 0)
		(void)kill(pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
	if (status != 0)
		return NULL;
	taken = text;
	text = NULL;
	return taken;
}

/* What holds by `sshd -T`: 1 yes, 0 no, -1: not known. */
static int effective_pam(const struct doctor *d, char **ret_service)
{
	AUTO_FREE char *text = d->is_live ? sshd_ask() : NULL;
	struct doctor_text lines = { .at = text };
	char *line, *key, *value;
	int answer = -1;

	while (text && (line = doctor_line(&lines, false))) {
		key = doctor_word(&line);
		value = key ? doctor_word(&line) : NULL;
		if (!value)
			continue;
		if (strcmp(key, "usepam") == 0)
			answer = strcmp(value, "yes") == 0;
		if (strcmp(key, "pamservicename") == 0)
			*ret_service = strdup(value);
	}
	return answer;
}

/* Whether it stands at the same place is of no matter here: what it forces has no shell. */
static void findings_add(struct sshd *s)
{
	struct doctor *d = s->d;

	if (s->internal.file && !(d->is_sshd_isolated && d->uses_pam))
		doctor_add(d, &rule_internal, s->internal.file, s->internal.line,
			   "%s internal-sftp, with logins that only the login shell isolates",
			   s->internal.value);
	if (s->chroot.file && !s->is_internal_forced)
		doctor_add(d, &rule_chroot, s->chroot.file, s->chroot.line, "ChrootDirectory %s",
			   s->chroot.value);
	if (s->environment.file)
		doctor_add(d, &rule_environment, s->environment.file, s->environment.line,
			   "PermitUserEnvironment %s", s->environment.value);
}

static void sshd_done(const struct sshd *s)
{
	place_done(&s->use_pam);
	place_done(&s->service);
	place_done(&s->internal);
	place_done(&s->chroot);
	place_done(&s->environment);
}

/* Before PAM: it has to know the name of sshd's service. */
void doctor_sshd_read(struct doctor *d)
{
	struct sshd s = { .d = d };
	int effective = effective_pam(d, &d->sshd_service);

	file_read(&s, CONFIG);
	if (!d->sshd_service)
		d->sshd_service = strdup(s.service.value ? s.service.value : "sshd");
	if (!d->sshd_service)
		d->is_out_of_memory = true;
	d->uses_pam = doctor_exists(d, CONFIG);
	if (d->uses_pam && effective != 1 &&
	    (effective == 0 || !s.use_pam.value || strcasecmp(s.use_pam.value, "yes") != 0)) {
		d->uses_pam = false;
		doctor_add(d, &rule_use_pam, s.use_pam.file ? s.use_pam.file : CONFIG,
			   s.use_pam.line, "UsePAM %s",
			   s.use_pam.value ? s.use_pam.value : "is not set, and 'no' then");
	}
	sshd_done(&s);
}

void doctor_sshd(struct doctor *d)
{
	struct sshd s = { .d = d };

	file_read(&s, CONFIG);
	findings_add(&s);
	sshd_done(&s);
}
