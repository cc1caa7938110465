/*
 * The PAM services: whether the sessions of each are isolated, by the line of pam_nsiso in its stack and by
 * what stands before and behind it (pam_nsiso(8), "Order of the lines").
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "doctor.h"
#include "pam_stack.h"

#define MODULE "pam_nsiso.so"

static const struct doctor_rule rule_no_line = {
	"pam-no-line", SEVERITY_PROBLEM, "its sessions, and what they start, run on the host",
	"add 'session required pam_nsiso.so' at the end"
};
static const struct doctor_rule rule_no_line_maybe = {
	"pam-no-line-maybe", SEVERITY_NOTE, "whoever becomes an isolated user by it is on the host",
	"add 'session required pam_nsiso.so' at the end if that is possible"
};
static const struct doctor_rule rule_optional = { "pam-optional", SEVERITY_PROBLEM,
						  "a refused login goes on without isolation",
						  "write 'session required pam_nsiso.so'" };
static const struct doctor_rule rule_silent = {
	"pam-silent", SEVERITY_PROBLEM,
	"where the module is missing, logins go on without isolation", "take the '-' away"
};
static const struct doctor_rule rule_bypass = {
	"pam-bypass", SEVERITY_PROBLEM, "when it succeeds, the line of pam_nsiso.so is passed over",
	"write 'required', or put the lines from there on into a substack"
};
static const struct doctor_rule rule_order = {
	"pam-order", SEVERITY_PROBLEM, "after pam_nsiso.so this process is inside the instance",
	"move the session line of pam_nsiso.so behind it"
};
static const struct doctor_rule rule_order_maybe = {
	"pam-order-maybe", SEVERITY_WARNING, "what it does to the host, it may do to the instance",
	"move the session line of pam_nsiso.so behind it"
};
static const struct doctor_rule rule_twice = { "pam-twice", SEVERITY_PROBLEM,
					       "the second line refuses every isolated session",
					       "remove one of them" };
static const struct doctor_rule rule_shared = {
	"pam-shared", SEVERITY_WARNING,
	"every service that includes this file gets the line, wanted or not, and not as its last one",
	"move the line to the ends of the services' own files"
};
static const struct doctor_rule rule_namespace = { "pam-namespace", SEVERITY_WARNING,
						   "both modules replace the same mounts",
						   "remove one of them" };
static const struct doctor_rule rule_auth = {
	"pam-auth", SEVERITY_WARNING,
	"what sshd runs without a login shell keeps its bounding set, and stays outside of [user] map",
	"add 'auth optional pam_nsiso.so' as the last auth line, before one that is 'sufficient'"
};
static const struct doctor_rule rule_manager = {
	"pam-manager", SEVERITY_PROBLEM,
	"systemd's own way into a session cannot be isolated, so no user manager starts",
	"remove the line, or have nsshell-manager start it; see nsshell(8)"
};
static const struct doctor_rule rule_include = { "pam-include", SEVERITY_PROBLEM,
						 "Linux-PAM refuses the whole service",
						 "correct the name, or remove the line" };

/* DOOR_MANAGER: isolated when nsshell-manager is what opens the session. */
enum door { DOOR_ALWAYS, DOOR_MAYBE, DOOR_MANAGER };

/* The services through which users get to run something. */
static const struct {
	const char *service;
	enum door door;
} doors[] = {
	{ "sshd", DOOR_ALWAYS },          { "login", DOOR_ALWAYS },
	{ "remote", DOOR_ALWAYS },        { "su", DOOR_ALWAYS },
	{ "su-l", DOOR_ALWAYS },          { "runuser", DOOR_ALWAYS },
	{ "runuser-l", DOOR_ALWAYS },     { "cron", DOOR_ALWAYS },
	{ "crond", DOOR_ALWAYS },         { "atd", DOOR_ALWAYS },
	{ "vsftpd", DOOR_ALWAYS },        { "proftpd", DOOR_ALWAYS },
	{ "pure-ftpd", DOOR_ALWAYS },     { "xrdp-sesman", DOOR_ALWAYS },
	{ "cockpit", DOOR_ALWAYS },       { "gdm-password", DOOR_ALWAYS },
	{ "gdm-autologin", DOOR_ALWAYS }, { "lightdm", DOOR_ALWAYS },
	{ "sddm", DOOR_ALWAYS },          { "xdm", DOOR_ALWAYS },
	{ "sudo", DOOR_MAYBE },           { "sudo-i", DOOR_MAYBE },
	{ "doas", DOOR_MAYBE },           { "systemd-run0", DOOR_MAYBE },
	{ "systemd-user", DOOR_MANAGER },
};

/* What is done to the caller by its number on the host, through /proc, or by a child. */
static const char *const needs_host[] = {
	"pam_loginuid.so", "pam_systemd.so",   "pam_elogind.so",   "pam_systemd_home.so",
	"pam_limits.so",   "pam_keyinit.so",   "pam_mkhomedir.so", "pam_oddjob_mkhomedir.so",
	"pam_mount.so",    "pam_namespace.so", "pam_exec.so",      "pam_selinux.so",
	"pam_cgroup.so",   "pam_cgfs.so",      "pam_script.so",    "pam_apparmor.so",
	"pam_smack.so",    "pam_container.so",
};
/* Read a file, print, or do nothing. */
static const char *const needs_nothing[] = {
	"pam_permit.so", "pam_deny.so",     "pam_env.so",  "pam_motd.so",       "pam_mail.so",
	"pam_unix.so",   "pam_lastlog.so",  "pam_echo.so", "pam_lastlog2.so",   "pam_warn.so",
	"pam_umask.so",  "pam_nologin.so",  "pam_sss.so",  "pam_succeed_if.so", "pam_winbind.so",
	"pam_ldap.so",   "pam_krb5.so",     "pam_cap.so",  "pam_localuser.so",  "pam_debug.so",
	"pam_access.so", "pam_listfile.so", "pam_time.so", "pam_faillock.so",   "pam_lsass.so",
	"pam_issue.so",  "pam_ecryptfs.so",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_among(const char *module, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(module, list[i]) == 0)
			return true;
	return false;
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The line of ours at or behind `from`, or the number of lines. */
static size_t find_ours(const struct pam_stack *stack, size_t from)
{
	while (from < stack->n && strcmp(stack->lines[from].module, MODULE) != 0)
		from++;
	return from;
}

/* Once, though services include each other. */
static void line_add_finding(struct doctor *d, const struct doctor_rule *rule, const char *service,
			     const struct pam_line *line)
{
	if (!doctor_has(d, rule, line->file, line->line))
		doctor_add(d, rule, line->file, line->line, "%s: %s is '%s'", service, line->module,
			   line->control);
}

static void behind_add(struct doctor *d, const struct doctor_rule *rule, const char *service,
		       const struct pam_line *line)
{
	if (!doctor_has(d, rule, line->file, line->line))
		doctor_add(d, rule, line->file, line->line,
			   "%s: %s opens its session behind pam_nsiso.so", service, line->module);
}

/* Whether what stands behind our line is in order. */
static bool order_check(struct doctor *d, const char *service, const struct pam_stack *stack,
			size_t ours)
{
	bool is_fine = true;

	for (size_t i = ours + 1; i < stack->n; i++) {
		const struct pam_line *line = &stack->lines[i];
		bool is_close = strcmp(line->module, "pam_selinux.so") == 0 &&
				strstr(line->arguments, "close");

		if (strcmp(line->module, MODULE) == 0 || is_close ||
		    is_among(line->module, needs_nothing, COUNT(needs_nothing)))
			continue;
		if (!is_among(line->module, needs_host, COUNT(needs_host))) {
			behind_add(d, &rule_order_maybe, service, line);
			continue;
		}
		is_fine = false;
		behind_add(d, &rule_order, service, line);
	}
	return is_fine;
}

/* RHEL has the module everywhere, and nothing for it to do in its configuration. */
static bool has_polyinstances(const struct doctor *d)
{
	AUTO_FREE char *text = doctor_read(d, "/etc/security/namespace.conf");
	struct doctor_text lines = { .at = text };
	char **names = NULL, *line, *word;
	int n;

	while (text && (line = doctor_line(&lines, false))) {
		word = doctor_word(&line);
		if (word && *word != '#')
			return true;
	}
	n = doctor_names(d, "/etc/security/namespace.d", ".conf", &names);
	doctor_names_free(names, n);
	return n > 0;
}

static void neighbours_check(struct doctor *d, const char *service, const struct pam_stack *stack,
			     size_t ours)
{
	const char *name = base_of(stack->lines[ours].file);
	size_t second = find_ours(stack, ours + 1);

	if (second < stack->n &&
	    !doctor_has(d, &rule_twice, stack->lines[second].file, stack->lines[second].line))
		doctor_add(d, &rule_twice, stack->lines[second].file, stack->lines[second].line,
			   "%s: pam_nsiso.so is there a second time", service);
	for (size_t i = 0; i < ours && has_polyinstances(d); i++)
		if (strcmp(stack->lines[i].module, "pam_namespace.so") == 0)
			line_add_finding(d, &rule_namespace, service, &stack->lines[i]);
	for (size_t i = 0; i < COUNT(doors); i++)
		if (strcmp(doors[i].service, name) == 0)
			return;
	if (strcmp(name, service) != 0 &&
	    !doctor_has(d, &rule_shared, stack->lines[ours].file, stack->lines[ours].line))
		doctor_add(d, &rule_shared, stack->lines[ours].file, stack->lines[ours].line,
			   "%s: pam_nsiso.so stands in a file that services share", service);
}

/* The verdict on a stack that has our line. */
static const char *line_check(struct doctor *d, const char *service, const struct pam_stack *stack,
			      size_t ours)
{
	const struct pam_line *line = &stack->lines[ours];
	int bypass = pam_stack_bypass(stack, ours);
	const char *verdict = "isolated";

	if (!order_check(d, service, stack, ours))
		verdict = "wrong order";
	neighbours_check(d, service, stack, ours);
	if (line->is_silent)
		line_add_finding(d, &rule_silent, service, line);
	if (bypass >= 0)
		line_add_finding(d, &rule_bypass, service, &stack->lines[bypass]);
	if (!pam_line_is_required(line))
		line_add_finding(d, &rule_optional, service, line);
	return line->is_silent || bypass >= 0 || !pam_line_is_required(line) ? "NOT isolated" :
									       verdict;
}

/* Through it, sshd's child gives up privileges (pam_sm_setcred() in pam_nsiso.c). */
static void auth_check(struct doctor *d, const char *service)
{
	AUTO_FREE char *path = pam_service_path(d, service);
	struct pam_stack stack;
	size_t ours;
	int bypass = -1;

	if (pam_stack_read(d, service, "auth", &stack) == 0) {
		ours = find_ours(&stack, 0);
		if (ours < stack.n)
			bypass = pam_stack_bypass(&stack, ours);
		if (ours == stack.n)
			doctor_add(d, &rule_auth, path, 0, "%s: no auth line of pam_nsiso.so",
				   service);
		else if (bypass >= 0)
			line_add_finding(d, &rule_auth, service, &stack.lines[bypass]);
	}
	pam_stack_done(&stack);
}

static const char *absence_check(struct doctor *d, const char *service, enum door door)
{
	AUTO_FREE char *path = pam_service_path(d, service);

	if (door == DOOR_MANAGER && !doctor_has_manager(d))
		return "outside";
	doctor_add(d, door == DOOR_MAYBE ? &rule_no_line_maybe : &rule_no_line, path, 0,
		   "%s: no session line of pam_nsiso.so", service);
	return "NOT isolated";
}

/* false: there is no such service here. */
static bool service_check(struct doctor *d, const char *service, enum door door)
{
	struct pam_stack stack;
	const char *verdict;
	size_t ours;
	bool is_there = pam_stack_read(d, service, "session", &stack) == 0;

	if (!is_there) {
		pam_stack_done(&stack);
		return false;
	}
	if (stack.missing)
		doctor_add(d, &rule_include, stack.missing_at, stack.missing_line,
			   "%s: no file '%s' to include", service, stack.missing);
	ours = find_ours(&stack, 0);
	if (ours == stack.n)
		verdict = absence_check(d, service, door);
	else
		verdict = line_check(d, service, &stack, ours);
	if (ours < stack.n && door == DOOR_MANAGER && !doctor_has_manager(d)) {
		line_add_finding(d, &rule_manager, service, &stack.lines[ours]);
		verdict = "not supported";
	}
	doctor_fact(d, "PAM services", service, "%s", verdict);
	if (strcmp(service, d->sshd_service) == 0) {
		d->is_sshd_isolated = strcmp(verdict, "NOT isolated") != 0;
		if (ours < stack.n)
			auth_check(d, service);
	}
	pam_stack_done(&stack);
	return true;
}

void doctor_pam(struct doctor *d)
{
	bool is_sshd_known = false;

	for (size_t i = 0; i < COUNT(doors); i++) {
		/* It has another name where sshd_config says so. */
		if (i == 0 && strcmp(d->sshd_service, doors[0].service) != 0)
			is_sshd_known = service_check(d, d->sshd_service, DOOR_ALWAYS);
		is_sshd_known |= service_check(d, doors[i].service, doors[i].door) && i == 0;
	}
	/* A program without a file of its own gets this one. */
	if (!is_sshd_known && d->uses_pam)
		doctor_add(d, &rule_no_line, "/etc/pam.d/other", 0,
			   "%s: has no file of its own, so no session line of pam_nsiso.so",
			   d->sshd_service);
}
