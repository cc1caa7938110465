/*
 * nsisoctl doctor: what the parts of it share.  Each part looks at one side of a host (PAM, sshd, users,
 * the kernel, processes) and adds what it finds; nothing is changed, and nothing but cmd_doctor.c prints.
 * All files are read below a root folder, so that a tree of another host can be judged, too.
 */
#ifndef NSISO_DOCTOR_H
#define NSISO_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define DOCTOR_FILE_MAX (64U << 20) /* bytes of a file; /etc/passwd may have 100,000 lines */

enum doctor_severity { SEVERITY_PROBLEM, SEVERITY_WARNING, SEVERITY_NOTE, SEVERITY_COUNT };

/* A kind of finding; ids are for scripts and stay. */
struct doctor_rule {
	const char *id;
	enum doctor_severity severity;
	const char *why; /* one sentence: what comes of it */
	const char *fix;
};

struct doctor_finding {
	const struct doctor_rule *rule;
	char *what;
	char *file;    /* as seen below the root; NULL: the host as a whole */
	unsigned line; /* 0: the file as a whole */
};

/* What was looked at, in a word or a line: a PAM service and its verdict, the kernel... */
struct doctor_fact {
	const char *group; /* facts of one group stand together */
	char *name, *text;
};

struct doctor {
	int root;            /* O_PATH; all paths are taken below it, links included */
	const char *prefix;  /* its path; "" for / */
	bool is_live;        /* it is /: processes, the running kernel and sshd -T are asked, too */
	const char *confdir; /* of the policies, below the root */
	struct doctor_finding *findings;
	size_t n_findings;
	struct doctor_fact *facts;
	size_t n_facts;
	bool is_out_of_memory; /* something found is missing */
	/* What one part needs of another. */
	char *sshd_service;    /* PAM service of sshd; "sshd" when it has no say */
	bool is_sshd_isolated; /* by its PAM lines */
	bool uses_pam;         /* sshd does */
	struct doctor_users *users;
};

/* Adds one; file may be NULL.  The text says what is there, not what should be. */
void doctor_add(struct doctor *d, const struct doctor_rule *rule, const char *file, unsigned line,
		const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* Whether that rule has been found at that place already. */
bool doctor_has(const struct doctor *d, const struct doctor_rule *rule, const char *file,
		unsigned line);
void doctor_fact(struct doctor *d, const char *group, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void doctor_done(struct doctor *d);

/* Opens a path below the root; -errno. */
int doctor_open(const struct doctor *d, const char *path, int flags);
/* The whole of a regular file with a NUL behind it, for free(); NULL: errno. */
char *doctor_read(const struct doctor *d, const char *path);
/* A path with the root before it, for those who take a path; for free(), NULL: no memory. */
char *doctor_path(struct doctor *d, const char *path);
bool doctor_exists(const struct doctor *d, const char *path);
/* Names of a folder that end in suffix, sorted; the count, or -errno.  For doctor_names_free(). */
int doctor_names(const struct doctor *d, const char *path, const char *suffix, char ***ret);
void doctor_names_free(char **names, int n);

/* A text that is cut into lines; start with { text }. */
struct doctor_text {
	char *at;
	unsigned line; /* number of the last one, from 1 */
	unsigned more; /* lines that were joined to it */
};

/*
 * The next line, cut off in place; NULL at the end.  is_joined: a backslash at the end of a line joins the
 * next one.
 */
char *doctor_line(struct doctor_text *text, bool is_joined);
/* The next word of a line, cut off in place; NULL at its end. */
char *doctor_word(char **at);

/* The parts, in the order that they need each other. */
void doctor_sshd_read(struct doctor *d);
void doctor_pam(struct doctor *d);
void doctor_sshd(struct doctor *d);
void doctor_users(struct doctor *d);
void doctor_groups(struct doctor *d);
void doctor_subids(struct doctor *d);
void doctor_install(struct doctor *d);
void doctor_kernel(struct doctor *d);
void doctor_cgroup(struct doctor *d);
void doctor_manager(struct doctor *d);
/* Whether user@.service is masked, or nsshell-manager stands in for it. */
bool doctor_has_manager(const struct doctor *d);
void doctor_processes(struct doctor *d);

unsigned doctor_count(const struct doctor *d, enum doctor_severity severity);
void doctor_print(const struct doctor *d, FILE *out);
void doctor_print_json(const struct doctor *d, FILE *out);

#endif
