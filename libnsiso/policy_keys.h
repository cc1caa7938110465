/*
 * The one table of all keys: parser, printer, checker, manual page test and shell completions are
 * derived from it.  A key that is not here does not exist.
 */
#ifndef NSISO_POLICY_KEYS_H
#define NSISO_POLICY_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum key_type {
	KEY_WORD,     /* one of words; an enum in the order of words */
	KEY_FLAG,     /* the first or the second of words: false or true */
	KEY_BOOL,     /* yes no true false on off */
	KEY_DURATION, /* uint32_t, ms; words, where there are some, for 0 and POLICY_FOREVER */
	KEY_NUMBER,   /* uint32_t */
	KEY_SECONDS,  /* uint64_t */
	KEY_PATH,     /* char[NSISO_PATH_MAX] */
	KEY_PARENT,   /* the same, or "self" */
	KEY_HOSTNAME, /* char[65], a template */
	KEY_TMPFS,    /* struct policy_tmpfs */
	KEY_PATHS,    /* struct policy_list, items with an optional "-" */
	KEY_BINDS,    /* struct policy_list of SRC:DST[:ro] */
	KEY_SUID,     /* enum policy_suid and suid_paths */
	KEY_CAPS,     /* uint64_t, a bit for each capability */
	KEY_SIZE,     /* struct policy_limit, bytes */
	KEY_COUNT,    /* struct policy_limit, a number, "max" or a share of all processes */
	KEY_WEIGHT,   /* struct policy_limit, a number */
	KEY_SWITCH,   /* struct policy_limit, 0 or 1 */
	KEY_CPU,      /* struct policy_limit with period */
	KEY_SET,      /* struct policy_limit, and a text of numbers and ranges */
	KEY_DEVICES,  /* struct policy_limit, and a list of devices */
	KEY_MATCH,    /* of [match]: not part of struct policy */
	KEY_TYPE_COUNT
};

/* Numbers of the rows that the code asks for by name; the rest is found through the table. */
enum key_row {
	ROW_MATCH_USER,
	ROW_MATCH_GROUP,
	ROW_MATCH_UID,
	ROW_MATCH_SERVICE,
	ROW_MATCH_RHOST,
	ROW_SESSION_MODE,
	ROW_SESSION_SCOPE,
	ROW_SESSION_EXEMPT,
	ROW_SESSION_GRACE,
	ROW_SESSION_LINGER,
	ROW_SESSION_IDLE,
	ROW_SESSION_MAX_LIFETIME,
	ROW_SESSION_MAX_SESSIONS,
	ROW_SESSION_SHELL,
	ROW_SESSION_OUTSIDE,
	ROW_SESSION_USER_MANAGER,
	ROW_SESSION_SU,
	ROW_MOUNT_TMP,
	ROW_MOUNT_VAR_TMP,
	ROW_MOUNT_DEV_SHM,
	ROW_MOUNT_HOME,
	ROW_MOUNT_HIDE,
	ROW_MOUNT_READ_ONLY,
	ROW_MOUNT_NOEXEC,
	ROW_MOUNT_BIND,
	ROW_MOUNT_SUID,
	ROW_MOUNT_PROC,
	ROW_MOUNT_RUN_USER,
	ROW_MOUNT_PROPAGATION,
	ROW_PID_ENABLE,
	ROW_IPC_ENABLE,
	ROW_UTS_ENABLE,
	ROW_UTS_HOSTNAME,
	ROW_TIME_ENABLE,
	ROW_TIME_BOOTTIME,
	ROW_USER_MAP,
	ROW_USER_SUBID,
	ROW_USER_NESTED,
	ROW_NET_MODE,
	ROW_CGROUP_ENABLE,
	ROW_CGROUP_BACKEND,
	ROW_CGROUP_PARENT,
	ROW_CGROUP_DELEGATE,
	ROW_CGROUP_MEMORY_MAX,
	ROW_CGROUP_MEMORY_HIGH,
	ROW_CGROUP_MEMORY_LOW,
	ROW_CGROUP_MEMORY_SWAP_MAX,
	ROW_CGROUP_MEMORY_OOM_GROUP,
	ROW_CGROUP_PIDS_MAX,
	ROW_CGROUP_CPU_MAX,
	ROW_CGROUP_CPU_WEIGHT,
	ROW_CGROUP_CPUSET_CPUS,
	ROW_CGROUP_CPUSET_MEMS,
	ROW_CGROUP_IO_WEIGHT,
	ROW_CGROUP_IO_MAX,
	ROW_CGROUP_SESSION_MEMORY_MAX,
	ROW_CGROUP_SESSION_MEMORY_HIGH,
	ROW_CGROUP_SESSION_MEMORY_SWAP_MAX,
	ROW_CGROUP_SESSION_MEMORY_OOM_GROUP,
	ROW_CGROUP_SESSION_PIDS_MAX,
	ROW_CGROUP_SESSION_CPU_MAX,
	ROW_CGROUP_SESSION_CPU_WEIGHT,
	ROW_CGROUP_SESSION_IO_WEIGHT,
	ROW_CAPS_BOUNDING,
	ROW_CAPS_NO_NEW_PRIVS,
	ROW_COUNT
};

struct policy_key {
	const char *section;
	const char *name;
	enum key_type type;
	size_t offset;      /* of the field in struct policy */
	const char *preset; /* the built-in default as text; NULL: not set */
	const char *words;  /* KEY_WORD, KEY_FLAG: separated by spaces */
	uint64_t min, max;  /* numbers: allowed range in the field's unit */
	const char *help;
};

/* By row; rows of one section stand together. */
extern const struct policy_key policy_keys[ROW_COUNT];

/* The first row of a section, or -1. */
int policy_key_section(const char *name, size_t len);
/* The row of a key in the section that starts at row section, or -1. */
int policy_key_find(int section, const char *name, size_t len);
/* The known section or key (of the section at that row) most like name, or NULL when none is. */
const char *policy_key_like_section(const char *name, size_t len);
const char *policy_key_like(int section, const char *name, size_t len);
/* The length of the word most like name, which *ret points to; words are separated by spaces.  0: none is. */
size_t policy_word_like(const char *words, const char *name, size_t len, const char **ret);
/* Whether the key may carry the mark "?" and may be empty to take the limit away. */
bool policy_key_is_limit(const struct policy_key *key);
/* Whether the value may be empty. */
bool policy_key_is_list(const struct policy_key *key);

#endif
