/*
 * The key table, and look-ups by name in it.  Values are converted elsewhere (policy_field.c).
 */
#include "policy_keys.h"

#include <stdio.h>
#include <string.h>

#include "policy.h"

#define NAME_MAX_LIKE 32 /* bytes; longer names get no suggestion */
#define TIB (1ULL << 40)
#define MIB (1ULL << 20)
#define DAYS(n) ((n)*86400000ULL)
#define PIB (1ULL << 50)

#define FIELD(member) offsetof(struct policy, member)
#define BOOL_WORDS "yes no true false on off"

/* In each row: section, name, type, field; default, words, least, most, what it is for. */
/* clang-format off */
const struct policy_key policy_keys[ROW_COUNT] = {
	[ROW_MATCH_USER] = { "match", "user", KEY_MATCH, 0,
		NULL, NULL, 0, 0, "login names or patterns" },
	[ROW_MATCH_GROUP] = { "match", "group", KEY_MATCH, 0,
		NULL, NULL, 0, 0, "groups that the user is a member of" },
	[ROW_MATCH_UID] = { "match", "uid", KEY_MATCH, 0,
		NULL, NULL, 0, 0, "user ids or ranges of them" },
	[ROW_MATCH_SERVICE] = { "match", "service", KEY_MATCH, 0,
		NULL, NULL, 0, 0, "PAM services or patterns" },
	[ROW_MATCH_RHOST] = { "match", "rhost", KEY_MATCH, 0,
		NULL, NULL, 0, 0, "remote host names, patterns or addresses with a prefix length" },

	[ROW_SESSION_MODE] = { "session", "mode", KEY_WORD, FIELD(session.mode),
		"enforce", "enforce observe off", 0, 0, "whether logins are isolated, or just what that would be is logged" },
	[ROW_SESSION_SCOPE] = { "session", "scope", KEY_WORD, FIELD(session.scope),
		"user", "user session", 0, 0, "one instance for a user, or one for each login" },
	[ROW_SESSION_EXEMPT] = { "session", "exempt", KEY_BOOL, FIELD(session.exempt),
		"no", BOOL_WORDS, 0, 0, "leave this user alone" },
	[ROW_SESSION_GRACE] = { "session", "grace", KEY_DURATION, FIELD(session.grace),
		"10s", NULL, 0, POLICY_GRACE_MAX, "time between SIGTERM and SIGKILL at the end" },
	[ROW_SESSION_LINGER] = { "session", "linger", KEY_DURATION, FIELD(session.linger),
		"no", "no yes", 0, DAYS(30), "how long what runs may outlive the last session" },
	[ROW_SESSION_IDLE] = { "session", "idle", KEY_DURATION, FIELD(session.idle),
		"no", "no", 0, DAYS(30), "time without use after which the sessions end" },
	[ROW_SESSION_MAX_LIFETIME] = { "session", "max_lifetime", KEY_DURATION, FIELD(session.max_lifetime),
		"no", "no", 0, DAYS(30), "time after which an instance ends, in use or not" },
	[ROW_SESSION_MAX_SESSIONS] = { "session", "max_sessions", KEY_NUMBER, FIELD(session.max_sessions),
		"0", NULL, 0, 512, "sessions of a user at a time; 0: any number" },
	[ROW_SESSION_SHELL] = { "session", "shell", KEY_PATH, FIELD(session.shell),
		"/bin/sh", NULL, 0, 0, "the real login shell" },
	[ROW_SESSION_OUTSIDE] = { "session", "outside", KEY_WORD, FIELD(session.outside),
		"warn", "warn refuse kill", 0, 0, "what to do about the user's processes outside of any instance" },
	[ROW_SESSION_USER_MANAGER] = { "session", "user_manager", KEY_WORD, FIELD(session.user_manager),
		"no", "no inside", 0, 0, "whether the user has a service manager, inside of the instance" },
	[ROW_SESSION_SU] = { "session", "su", KEY_WORD, FIELD(session.su),
		"stay", "stay leave refuse", 0, 0, "where a session for root is that is opened inside" },

	[ROW_MOUNT_TMP] = { "mount", "tmp", KEY_TMPFS, FIELD(mount.tmp),
		"private", NULL, 64 << 10, TIB, "what /tmp is" },
	[ROW_MOUNT_VAR_TMP] = { "mount", "var_tmp", KEY_TMPFS, FIELD(mount.var_tmp),
		"private", NULL, 64 << 10, TIB, "what /var/tmp is" },
	[ROW_MOUNT_DEV_SHM] = { "mount", "dev_shm", KEY_TMPFS, FIELD(mount.dev_shm),
		"private", NULL, 64 << 10, TIB, "what /dev/shm is" },
	[ROW_MOUNT_HOME] = { "mount", "home", KEY_WORD, FIELD(mount.home),
		"own", "all own private", 0, 0, "which home directories are to be seen" },
	[ROW_MOUNT_HIDE] = { "mount", "hide", KEY_PATHS, FIELD(mount.hide),
		"", NULL, 0, 0, "paths that are empty or unreadable inside" },
	[ROW_MOUNT_READ_ONLY] = { "mount", "read_only", KEY_PATHS, FIELD(mount.read_only),
		"", NULL, 0, 0, "paths that cannot be written inside" },
	[ROW_MOUNT_NOEXEC] = { "mount", "noexec", KEY_PATHS, FIELD(mount.noexec),
		"", NULL, 0, 0, "paths that no program is started from" },
	[ROW_MOUNT_BIND] = { "mount", "bind", KEY_BINDS, FIELD(mount.bind),
		"", NULL, 0, 0, "paths shown at another place: SRC:DST or SRC:DST:ro" },
	[ROW_MOUNT_SUID] = { "mount", "suid", KEY_SUID, FIELD(mount.suid),
		"no", NULL, 0, 0, "whether set-user-ID programs work" },
	[ROW_MOUNT_PROC] = { "mount", "proc", KEY_FLAG, FIELD(mount.proc_hidepid),
		"private,hidepid", "private private,hidepid", 0, 0, "how /proc is mounted" },
	[ROW_MOUNT_RUN_USER] = { "mount", "run_user", KEY_BOOL, FIELD(mount.run_user),
		"no", BOOL_WORDS, 0, 0, "whether /run/user and the sockets of systemd and D-Bus are to be seen" },
	[ROW_MOUNT_PROPAGATION] = { "mount", "propagation", KEY_WORD, FIELD(mount.propagation),
		"slave", "slave private", 0, 0, "whether later mounts of the host appear inside" },

	[ROW_PID_ENABLE] = { "pid", "enable", KEY_BOOL, FIELD(pid.enable),
		"yes", BOOL_WORDS, 0, 0, "a process id namespace" },
	[ROW_IPC_ENABLE] = { "ipc", "enable", KEY_BOOL, FIELD(ipc.enable),
		"yes", BOOL_WORDS, 0, 0, "a System V IPC and message queue namespace" },
	[ROW_UTS_ENABLE] = { "uts", "enable", KEY_BOOL, FIELD(uts.enable),
		"yes", BOOL_WORDS, 0, 0, "a host name namespace" },
	[ROW_UTS_HOSTNAME] = { "uts", "hostname", KEY_HOSTNAME, FIELD(uts.hostname),
		"%h", NULL, 0, 0, "host name inside: %u user, %h host name, %% a per cent sign" },
	[ROW_TIME_ENABLE] = { "time", "enable", KEY_BOOL, FIELD(time.enable),
		"yes", BOOL_WORDS, 0, 0, "a clock namespace: own uptime" },
	[ROW_TIME_BOOTTIME] = { "time", "boottime", KEY_SECONDS, FIELD(time.boottime),
		"0", NULL, 0, 1000000000, "seconds of uptime that a new instance starts with" },
	[ROW_USER_MAP] = { "user", "map", KEY_WORD, FIELD(user.map),
		"none", "none identity root", 0, 0, "a user namespace: none, the user alone, or a virtual root" },
	[ROW_USER_SUBID] = { "user", "subid", KEY_WORD, FIELD(user.subid),
		"auto", "auto none", 0, 0, "whether map = root maps the subordinate ids of /etc/subuid too" },
	[ROW_USER_NESTED] = { "user", "nested", KEY_BOOL, FIELD(user.nested),
		"no", BOOL_WORDS, 0, 0, "whether user namespaces can be made inside of the own one" },
	[ROW_NET_MODE] = { "net", "mode", KEY_WORD, FIELD(net.mode),
		"host", "host none", 0, 0, "the host's network, or the loopback interface alone" },

	[ROW_CGROUP_ENABLE] = { "cgroup", "enable", KEY_BOOL, FIELD(cgroup.enable),
		"yes", BOOL_WORDS, 0, 0, "a control group, and a namespace of it" },
	[ROW_CGROUP_BACKEND] = { "cgroup", "backend", KEY_WORD, FIELD(cgroup.backend),
		"auto", "auto systemd cgroupfs", 0, 0, "who makes control groups and sets limits" },
	[ROW_CGROUP_PARENT] = { "cgroup", "parent", KEY_PARENT, FIELD(cgroup.parent),
		"/nsiso", NULL, 0, 0, "where the groups of the users are made" },
	[ROW_CGROUP_DELEGATE] = { "cgroup", "delegate", KEY_BOOL, FIELD(cgroup.delegate),
		"no", BOOL_WORDS, 0, 0, "cgroup v2: a session may divide what it has among groups of its own" },
	[ROW_CGROUP_MEMORY_MAX] = { "cgroup", "memory.max", KEY_SIZE, FIELD(cgroup.limit[LIMIT_MEMORY_MAX]),
		NULL, NULL, MIB, PIB, "memory beyond which programs are killed" },
	[ROW_CGROUP_MEMORY_HIGH] = { "cgroup", "memory.high", KEY_SIZE, FIELD(cgroup.limit[LIMIT_MEMORY_HIGH]),
		NULL, NULL, MIB, PIB, "memory beyond which programs are slowed down" },
	[ROW_CGROUP_MEMORY_LOW] = { "cgroup", "memory.low", KEY_SIZE, FIELD(cgroup.limit[LIMIT_MEMORY_LOW]),
		NULL, NULL, 0, PIB, "memory that is left to them while others have some to give" },
	[ROW_CGROUP_MEMORY_SWAP_MAX] = { "cgroup", "memory.swap.max", KEY_SIZE, FIELD(cgroup.limit[LIMIT_MEMORY_SWAP_MAX]),
		NULL, NULL, 0, PIB, "swap space" },
	[ROW_CGROUP_MEMORY_OOM_GROUP] = { "cgroup", "memory.oom.group", KEY_SWITCH, FIELD(cgroup.limit[LIMIT_MEMORY_OOM_GROUP]),
		NULL, NULL, 0, 1, "whether memory.max kills all of the group at once" },
	[ROW_CGROUP_PIDS_MAX] = { "cgroup", "pids.max", KEY_COUNT, FIELD(cgroup.limit[LIMIT_PIDS_MAX]),
		NULL, NULL, 2, 4194304, "processes and threads" },
	[ROW_CGROUP_CPU_MAX] = { "cgroup", "cpu.max", KEY_CPU, FIELD(cgroup.limit[LIMIT_CPU_MAX]),
		NULL, NULL, 0, 0, "processor time: QUOTA PERIOD in microseconds, or a percentage of one processor" },
	[ROW_CGROUP_CPU_WEIGHT] = { "cgroup", "cpu.weight", KEY_WEIGHT, FIELD(cgroup.limit[LIMIT_CPU_WEIGHT]),
		NULL, NULL, 1, 10000, "share of processor time against others" },
	[ROW_CGROUP_CPUSET_CPUS] = { "cgroup", "cpuset.cpus", KEY_SET, FIELD(cgroup.limit[LIMIT_CPUSET_CPUS]),
		NULL, NULL, 0, 0, "processors that may be used" },
	[ROW_CGROUP_CPUSET_MEMS] = { "cgroup", "cpuset.mems", KEY_SET, FIELD(cgroup.limit[LIMIT_CPUSET_MEMS]),
		NULL, NULL, 0, 0, "memory nodes that may be used" },
	[ROW_CGROUP_IO_WEIGHT] = { "cgroup", "io.weight", KEY_WEIGHT, FIELD(cgroup.limit[LIMIT_IO_WEIGHT]),
		NULL, NULL, 1, 10000, "share of disk time against others" },
	[ROW_CGROUP_IO_MAX] = { "cgroup", "io.max", KEY_DEVICES, FIELD(cgroup.limit[LIMIT_IO_MAX]),
		NULL, NULL, 0, 0, "rates of disks: PATH rbps= wbps= riops= wiops=, ..." },
	[ROW_CGROUP_SESSION_MEMORY_MAX] = { "cgroup", "session.memory.max", KEY_SIZE,
		FIELD(cgroup.session[LIMIT_MEMORY_MAX]), NULL, NULL, MIB, PIB, "memory beyond which programs of one session are killed" },
	[ROW_CGROUP_SESSION_MEMORY_HIGH] = { "cgroup", "session.memory.high", KEY_SIZE,
		FIELD(cgroup.session[LIMIT_MEMORY_HIGH]), NULL, NULL, MIB, PIB, "memory beyond which one session is slowed down" },
	[ROW_CGROUP_SESSION_MEMORY_SWAP_MAX] = { "cgroup", "session.memory.swap.max", KEY_SIZE,
		FIELD(cgroup.session[LIMIT_MEMORY_SWAP_MAX]), NULL, NULL, 0, PIB, "swap space of one session" },
	[ROW_CGROUP_SESSION_MEMORY_OOM_GROUP] = { "cgroup", "session.memory.oom.group", KEY_SWITCH,
		FIELD(cgroup.session[LIMIT_MEMORY_OOM_GROUP]), NULL, NULL, 0, 1, "whether session.memory.max kills all of the session at once" },
	[ROW_CGROUP_SESSION_PIDS_MAX] = { "cgroup", "session.pids.max", KEY_COUNT,
		FIELD(cgroup.session[LIMIT_PIDS_MAX]), NULL, NULL, 2, 4194304, "processes and threads of one session" },
	[ROW_CGROUP_SESSION_CPU_MAX] = { "cgroup", "session.cpu.max", KEY_CPU,
		FIELD(cgroup.session[LIMIT_CPU_MAX]), NULL, NULL, 0, 0, "processor time of one session" },
	[ROW_CGROUP_SESSION_CPU_WEIGHT] = { "cgroup", "session.cpu.weight", KEY_WEIGHT,
		FIELD(cgroup.session[LIMIT_CPU_WEIGHT]), NULL, NULL, 1, 10000, "share of processor time against other sessions of the user" },
	[ROW_CGROUP_SESSION_IO_WEIGHT] = { "cgroup", "session.io.weight", KEY_WEIGHT,
		FIELD(cgroup.session[LIMIT_IO_WEIGHT]), NULL, NULL, 1, 10000, "share of disk time against other sessions of the user" },

	[ROW_CAPS_BOUNDING] = { "caps", "bounding", KEY_CAPS, FIELD(caps.bounding),
		"none", NULL, 0, 0, "capabilities that stay in the bounding set" },
	[ROW_CAPS_NO_NEW_PRIVS] = { "caps", "no_new_privs", KEY_BOOL, FIELD(caps.no_new_privs),
		"yes", BOOL_WORDS, 0, 0, "no program gains privileges by being started" },
};
/* clang-format on */

_Static_assert((int)ROW_COUNT <= POLICY_KEYS_MAX, "struct policy has too few origins");

static bool is_same(const char *name, const char *text, size_t len)
{
	return strlen(name) == len && memcmp(name, text, len) == 0;
}

int policy_key_section(const char *name, size_t len)
{
	for (int row = 0; row < ROW_COUNT; row++)
		if (is_same(policy_keys[row].section, name, len))
			return row;
	return -1;
}

int policy_key_find(int section, const char *name, size_t len)
{
	const char *wanted = policy_keys[section].section;

	for (int row = section; row < ROW_COUNT; row++) {
		if (strcmp(policy_keys[row].section, wanted) != 0)
			break;
		if (is_same(policy_keys[row].name, name, len))
			return row;
	}
	return -1;
}

static unsigned min_of(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Levenshtein's edit distance, upper and lower case being the same. */
static unsigned name_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned row[NAME_MAX_LIKE + 1];

	for (size_t j = 0; j <= b_len; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned corner = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			bool same = (a[i - 1] | 0x20) == (b[j - 1] | 0x20);
			unsigned best = corner + (same ? 0 : 1);

			best = min_of(best, min_of(row[j], row[j - 1]) + 1);
			corner = row[j];
			row[j] = best;
		}
	}
	return row[b_len];
}

static bool is_closer(const char *known, const char *name, size_t len, unsigned *nearest)
{
	unsigned distance;

	if (len == 0 || len > NAME_MAX_LIKE)
		return false;
	distance = name_distance(known, strlen(known), name, len);
	/* A third of the letters may be wrong, but not all of a short name. */
	if (distance >= *nearest || distance > 1 + strlen(known) / 3 || distance >= strlen(known))
		return false;
	*nearest = distance;
	return true;
}

const char *policy_key_like_section(const char *name, size_t len)
{
	const char *found = NULL;
	unsigned nearest = NAME_MAX_LIKE;

	for (int row = 0; row < ROW_COUNT; row++)
		if (is_closer(policy_keys[row].section, name, len, &nearest))
			found = policy_keys[row].section;
	return found;
}

const char *policy_key_like(int section, const char *name, size_t len)
{
	const char *wanted = policy_keys[section].section;
	const char *found = NULL;
	unsigned nearest = NAME_MAX_LIKE;

	for (int row = section; row < ROW_COUNT; row++) {
		if (strcmp(policy_keys[row].section, wanted) != 0)
			break;
		if (is_closer(policy_keys[row].name, name, len, &nearest))
			found = policy_keys[row].name;
	}
	return found;
}

size_t policy_word_like(const char *words, const char *name, size_t len, const char **ret)
{
	char word[NAME_MAX_LIKE + 1];
	unsigned nearest = NAME_MAX_LIKE;
	size_t found = 0;

	while (*words != '\0') {
		size_t word_len = strcspn(words, " ");

		(void)snprintf(word, sizeof(word), "%.*s", (int)word_len, words);
		if (is_closer(word, name, len, &nearest)) {
			*ret = words;
			found = word_len;
		}
		words += word_len + strspn(words + word_len, " ");
	}
	return found;
}

bool policy_key_is_limit(const struct policy_key *key)
{
	return key->type >= KEY_SIZE && key->type <= KEY_DEVICES;
}

bool policy_key_is_list(const struct policy_key *key)
{
	return key->type == KEY_PATHS || key->type == KEY_BINDS;
}
