/*
 * The validated policy of one login: plain data without pointers, made by policy_find() from the
 * files and by nothing else.  Who reads it never sees text from a file again.
 */
#ifndef NSISO_POLICY_H
#define NSISO_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "nsiso.h"

struct errmsg;
struct facts;

#define POLICY_LIST_MAX 2048                   /* bytes of one list of paths, NULs included */
#define POLICY_FILE_MAX 65536                  /* bytes of a policy file; a larger one is refused */
#define POLICY_FILES_MAX 64                    /* files that may apply to one login */
#define POLICY_KEYS_MAX 128                    /* rows of the key table */
#define POLICY_SET_MAX 256                     /* bytes of a list of processors, NUL included */
#define POLICY_GRACE_MAX 600000                /* ms of [session] grace */
#define POLICY_FOREVER 0xffffffffU             /* a duration's "yes" */
#define POLICY_LIMIT_MAX 0xffffffffffffffffULL /* a limit's "max" */

/* Items one behind the other, each NUL-terminated; walk with policy_list_next(). */
struct policy_list {
	uint16_t count;
	uint16_t used; /* bytes of text */
	char text[POLICY_LIST_MAX];
};

/* The item behind *at (start with *at = 0), or NULL at the end. */
const char *policy_list_next(const struct policy_list *list, size_t *at);

enum policy_mode { MODE_ENFORCE, MODE_OBSERVE, MODE_OFF };
enum policy_scope { SCOPE_USER, SCOPE_SESSION };
enum policy_manager { MANAGER_NO, MANAGER_INSIDE };
enum policy_outside { OUTSIDE_WARN, OUTSIDE_REFUSE, OUTSIDE_KILL };
enum policy_su { SU_STAY, SU_LEAVE, SU_REFUSE };
enum policy_home { HOME_ALL, HOME_OWN, HOME_PRIVATE };
enum policy_map { MAP_NONE, MAP_IDENTITY, MAP_ROOT };
enum policy_subid { SUBID_AUTO, SUBID_NONE };
enum policy_net { NET_HOST, NET_NONE };
enum policy_backend { POLICY_BACKEND_AUTO, POLICY_BACKEND_SYSTEMD, POLICY_BACKEND_CGROUPFS };
enum policy_propagation { PROPAGATION_SLAVE, PROPAGATION_PRIVATE };
enum policy_suid { SUID_NO, SUID_YES, SUID_PATHS };

/* tmp, var_tmp, dev_shm: "shared", "private" or "tmpfs:SIZE[:INODES]" */
struct policy_tmpfs {
	bool private;    /* false: the host's */
	uint64_t size;   /* bytes; tmpfs size= */
	uint64_t inodes; /* tmpfs nr_inodes= */
};

/* What can be limited, by the kernel's names for cgroup v2; the order is that of setting them. */
enum policy_limit_id {
	LIMIT_MEMORY_MAX,
	LIMIT_MEMORY_HIGH,
	LIMIT_MEMORY_LOW,
	LIMIT_MEMORY_SWAP_MAX, /* behind memory.max: v1 knows only the sum */
	LIMIT_MEMORY_OOM_GROUP,
	LIMIT_PIDS_MAX,
	LIMIT_CPU_MAX,
	LIMIT_CPU_WEIGHT,
	LIMIT_CPUSET_CPUS,
	LIMIT_CPUSET_MEMS,
	LIMIT_IO_WEIGHT,
	LIMIT_IO_MAX,
	LIMIT_COUNT
};

/*
 * One limit: set says whether the policy has it at all; optional is the mark "?" behind the key.
 * Those of cpuset and io.max have their values as text, in struct policy itself.
 */
struct policy_limit {
	bool set;
	bool optional;
	/* Bytes, processes, weight, 0 or 1, cpu.max: µs of quota; or POLICY_LIMIT_MAX. */
	uint64_t value;
	uint64_t period; /* cpu.max: µs; else 0 */
};

struct policy {
	struct {
		enum policy_mode mode;
		enum policy_scope scope;
		bool exempt;
		uint32_t grace; /* ms between SIGTERM and SIGKILL at the end */
		/* ms that it lives on without a session; 0: not, POLICY_FOREVER: while it is used */
		uint32_t linger;
		uint32_t idle;                    /* ms without use after which it ends; 0: never */
		uint32_t max_lifetime;            /* ms after which it ends; 0: never */
		uint32_t max_sessions;            /* of the user together; 0: no limit */
		enum policy_manager user_manager; /* systemd --user: refused, or inside */
		enum policy_outside outside;      /* the user's processes outside of any instance */
		enum policy_su su;                /* sessions of root that are opened inside */
		char shell[NSISO_PATH_MAX];
	} session;
	struct {
		struct policy_tmpfs tmp, var_tmp, dev_shm;
		enum policy_home home;
		struct policy_list hide;      /* absolute paths; a leading "-": may be missing */
		struct policy_list read_only; /* the same */
		struct policy_list noexec;    /* the same */
		struct policy_list bind; /* "SRC:DST[:ro]"; a leading "-": SRC may be missing */
		enum policy_suid suid;
		struct policy_list suid_paths; /* SUID_PATHS: files that keep their set-user-ID */
		bool proc_hidepid;             /* proc=private,hidepid */
		bool run_user; /* the doors of the system manager and of other sessions stay open */
		enum policy_propagation propagation;
	} mount;
	struct {
		bool enable;
	} pid, ipc;
	struct {
		bool enable;
		char hostname[65]; /* template: %u user, %h host name, %% a per cent sign */
	} uts;
	struct {
		bool enable;
		uint64_t boottime; /* seconds of uptime that a new instance starts with */
	} time;
	struct {
		enum policy_map map;
		enum policy_subid subid; /* map=root: whether subordinate ids are mapped too */
		bool nested;             /* user namespaces may be made inside */
	} user;
	struct {
		enum policy_net mode;
	} net;
	struct {
		bool enable;
		enum policy_backend backend;
		char parent[NSISO_PATH_MAX]; /* "self" or an absolute path inside the hierarchy */
		bool delegate;               /* v2: a session may make groups below its own */
		/* By enum policy_limit_id: of all sessions together, and of each one. */
		struct policy_limit limit[LIMIT_COUNT];
		struct policy_limit session[LIMIT_COUNT];
		char cpus[POLICY_SET_MAX], mems[POLICY_SET_MAX]; /* "0-3,8" as the kernel says it */
		struct policy_list
			io_max; /* "PATH rbps=SIZE wbps=SIZE riops=N wiops=N", some left out */
	} cgroup;
	struct {
		uint64_t bounding; /* bit N: capability N stays in the bounding set */
		bool no_new_privs;
	} caps;
	/* Where each value comes from, by row of the key table; line 0: the built-in default. */
	struct {
		uint8_t file; /* index into files */
		uint16_t line;
	} origin[POLICY_KEYS_MAX];
	uint16_t n_files;                 /* files that apply to this login; 0: no policy at all */
	char files[POLICY_FILES_MAX][64]; /* names below the policy folder: "users.d/alice.conf" */
};

/*
 * Told of every fault: "FILE", line and column (from 1; 0: the file as a whole) and one sentence.
 */
typedef void policy_report(void *ctx, const char *file, unsigned line, unsigned column,
			   const char *text);

/* Fill with the built-in defaults; no files, every origin 0. */
void policy_defaults(struct policy *ret);

/*
 * One file's text laid over *policy, key by key; file is its name for messages and origins.
 * Every fault is reported.  *policy is changed only when there was none.
 * 0: applied; 1: its [match] does not fit these facts (nothing changed); -EINVAL: faults; another
 * -errno: a group of its [match] cannot be looked up, also reported.
 * facts may be NULL (check a file without a login): then [match] is checked, not evaluated, and
 * fits.
 */
int policy_parse(struct policy *policy, const char *text, size_t len, const char *file,
		 const struct facts *facts, policy_report *report, void *ctx);

/*
 * The effective policy of the login that facts describe, from the folder confdir: default.conf,
 * then conf.d/ *.conf in strcmp order where their [match] fits, then users.d/NAME.conf; later
 * wins, key by key.  A missing default.conf, conf.d or users.d is no fault; a missing confdir is.
 * Files and folders are trusted by descriptor alone (root-owned, not writable by group or others,
 * no symlink, regular, at most POLICY_FILE_MAX bytes); a file that is no match for this login is
 * still checked.
 * ret->n_files == 0: no file applies.  Any fault anywhere: -errno, all reported, *ret untouched,
 * e has the first one as "FILE:LINE: text".
 */
int policy_find(const char *confdir, const struct facts *facts, policy_report *report, void *ctx,
		struct policy *ret, struct errmsg *e);

/*
 * The same for admins, who want to know more, or other files: every member but confdir may be NULL or 0.
 */
struct policy_query {
	const char *confdir;
	policy_report *report; /* as for policy_find() */
	/*
	 * Told of each file that applies: the policy as it is with it.  The file is the last one of its files; the
	 * keys that it sets are those whose origin is that file.
	 */
	void (*layer)(void *ctx, const struct policy *policy);
	void *ctx; /* of both */
	const char
		*draft; /* "users.d/alice.conf": draft_text stands in for this file, there or not */
	const char *draft_text;
	size_t draft_len;
	bool is_relaxed; /* whoever owns files and folders */
};

int policy_find_as(const struct policy_query *query, const struct facts *facts, struct policy *ret,
		   struct errmsg *e);

/*
 * Whether users.d/NAME.conf alone says that this user is not to be isolated (exempt = yes, mode = off).  As it
 * wins over all other files, these need not be readable for that: who is exempt by a file of his own gets in
 * whatever the others look like.  1: yes, and *ret is the built-in policy with that file upon it; 0: no;
 * -errno: it has a fault, or is not to be trusted.
 */
int policy_find_exempt(const char *confdir, const struct facts *facts, struct policy *ret,
		       struct errmsg *e);

/*
 * Rules between keys, of a whole policy; reports with the origin's file and line, column 0; 0 or
 * -EINVAL.
 */
int policy_check(const struct policy *policy, policy_report *report, void *ctx);

/*
 * Why this login is not isolated, as the log says it: "root", "no-policy", "exempt", "observe" or "mode-off".
 * NULL: it is to be isolated.
 */
const char *policy_skip_reason(const struct policy *policy, const struct facts *facts);

/* What is written above each key: comments with their ends of line. */
struct policy_notes {
	void (*print)(void *ctx, const struct policy *policy, int row, FILE *out);
	void *ctx;
};

/* For policy_notes: "# FILE:LINE" or "# built-in". */
void policy_origin_print(void *ctx, const struct policy *policy, int row, FILE *out);
/* The whole effective policy as a policy file; notes may be NULL. */
void policy_print(const struct policy *policy, const struct policy_notes *notes, FILE *out);

/* The names of the files that made the policy, separated by commas, cut to size. */
void policy_file_names(const struct policy *policy, char *ret, size_t size);

/* Whether a user name may become part of paths: [A-Za-z_][A-Za-z0-9_.-]*, at most 32 characters. */
bool policy_user_is_safe(const char *user);

#endif
