/* The installed files, the kernel, the control groups and the service manager. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "cleanup.h"
#include "doctor.h"
#include "doctor_accounts.h"
#include "namespaces.h"
#include "sys.h"

#define INIT_PATH NSISO_LIBEXECDIR "/nsshell-init"

static const struct doctor_rule rule_missing = { "install-missing", SEVERITY_PROBLEM,
						 "logins that need it are refused",
						 "install it again" };
static const struct doctor_rule rule_module = {
	"install-module", SEVERITY_PROBLEM,
	"a PAM line that names it refuses everybody, root as well",
	"install it again, or take the lines away"
};
static const struct doctor_rule rule_owner = { "install-owner", SEVERITY_PROBLEM,
					       "others than root can change what runs as root",
					       "chown root, chmod go-w, chmod u-s" };
static const struct doctor_rule rule_kernel = { "kernel-old", SEVERITY_PROBLEM,
						"instances cannot be made",
						"use Linux 5.14 or later" };
static const struct doctor_rule rule_user_ns = { "kernel-userns", SEVERITY_PROBLEM,
						 "logins with [user] map or nested are refused",
						 "raise user.max_user_namespaces" };
static const struct doctor_rule rule_nested = {
	"kernel-nested", SEVERITY_WARNING,
	"[user] nested = yes lets users make namespaces, and the kernel does not",
	"allow unprivileged user namespaces, or set nested = no"
};
static const struct doctor_rule rule_controller = {
	"cgroup-controller", SEVERITY_PROBLEM, "logins of users with such a limit are refused",
	"enable the controller, or mark the key with '?'"
};
static const struct doctor_rule rule_manager = {
	"systemd-user", SEVERITY_PROBLEM,
	"pam_systemd starts it at login, and it runs the units of the user's home on the host",
	"copy /usr/share/doc/nsiso/systemd/user@.service.d there; see nsshell(8)"
};

/* Whoever may change a folder on the way may change what lies in it. */
static void way_check(struct doctor *d, const char *path, struct stat *ret_st)
{
	AUTO_FREE char *way = strdup(path);
	struct stat st;
	char *slash;

	for (; way && *way; *slash = '\0') {
		AUTO_CLOSE int fd = doctor_open(d, way, O_PATH);

		if (fd >= 0 && fstat(fd, &st) == 0 &&
		    (st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH))))
			doctor_add(d, &rule_owner, way, 0, "%s has uid %u and mode %04o", way,
				   (unsigned)st.st_uid, (unsigned)st.st_mode & 07777);
		if (ret_st && fd >= 0)
			*ret_st = st;
		ret_st = NULL;
		slash = strrchr(way, '/');
	}
}

static void program_check(struct doctor *d, const char *path)
{
	struct stat st = { 0 };

	if (!doctor_exists(d, path)) {
		doctor_add(d, &rule_missing, path, 0, "%s is not there", path);
		return;
	}
	way_check(d, path, &st);
	if (!S_ISREG(st.st_mode) || !(st.st_mode & S_IXOTH))
		doctor_add(d, &rule_missing, path, 0, "%s cannot be executed", path);
	if (st.st_mode & (S_ISUID | S_ISGID))
		doctor_add(d, &rule_owner, path, 0, "%s is set-user-ID or set-group-ID", path);
}

/* libpam has one folder built in; of those in use one has the module. */
static bool module_check(struct doctor *d, const char *folder)
{
	AUTO_FREE char *path = NULL;

	if (asprintf(&path, "%s/security/pam_nsiso.so", folder) < 0) {
		path = NULL;
		return false;
	}
	if (!doctor_exists(d, path))
		return false;
	way_check(d, path, NULL);
	return true;
}

void doctor_install(struct doctor *d)
{
	static const char *const folders[] = { "/usr/lib64", "/usr/lib", "/lib64", "/lib" };
	bool is_found = false;
	char **names;
	int n;

	program_check(d, NSSHELL_PATH);
	program_check(d, INIT_PATH);
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]) && !is_found; i++)
		is_found = module_check(d, folders[i]);
	n = is_found ? 0 : doctor_names(d, "/usr/lib", "-gnu", &names);
	for (int i = 0; i < n && !is_found; i++) {
		AUTO_FREE char *folder = NULL;

		if (asprintf(&folder, "/usr/lib/%s", names[i]) < 0)
			folder = NULL;
		is_found = folder && module_check(d, folder);
	}
	if (n > 0)
		doctor_names_free(names, n);
	if (!is_found)
		doctor_add(d, &rule_module, NULL, 0, "pam_nsiso.so is in no folder of PAM modules");
}

/* The number in a file of /proc/sys, or -1. */
static long setting_read(const struct doctor *d, const char *path)
{
	AUTO_FREE char *text = doctor_read(d, path);
	unsigned long value;

	if (!text)
		return -1;
	text[strcspn(text, "\n")] = '\0';
	return number_read(text, &value) ? (long)value : -1;
}

/* What is older than 5.14, or kept from this process by a filter. */
static void calls_check(struct doctor *d)
{
	struct sys_mount_attr nothing = { 0 };
	char path[32];

	if (sys_mount_setattr(-1, 0, &nothing) < 0 && errno == ENOSYS)
		doctor_add(d, &rule_kernel, NULL, 0, "no mount_setattr(2)");
	if (syscall(SYS_clone3, NULL, 0) < 0 && errno == ENOSYS)
		doctor_add(d, &rule_kernel, NULL, 0, "no clone3(2)");
	for (size_t i = 0; i < NAMESPACE_KINDS; i++) {
		(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", namespace_kinds[i].name);
		/* Whether user namespaces can be made, and are wanted, is asked elsewhere. */
		if (namespace_kinds[i].flag != SYS_NEWUSER && access(path, F_OK) < 0)
			doctor_add(d, &rule_kernel, NULL, 0, "no %s namespaces",
				   namespace_kinds[i].name);
	}
}

static void user_ns_check(struct doctor *d)
{
	static const struct {
		const char *path;
		long forbids;
	} settings[] = {
		{ "/proc/sys/kernel/unprivileged_userns_clone", 0 },
		{ "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 1 },
	};
	static const char most[] = "/proc/sys/user/max_user_namespaces";

	if (d->users->has_user_ns && setting_read(d, most) == 0)
		doctor_add(d, &rule_user_ns, most, 0, "user.max_user_namespaces is 0");
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (d->users->has_nested &&
		    setting_read(d, settings[i].path) == settings[i].forbids)
			doctor_add(d, &rule_nested, settings[i].path, 0, "%s is %ld",
				   strrchr(settings[i].path, '/') + 1, settings[i].forbids);
}

void doctor_kernel(struct doctor *d)
{
	struct utsname name;

	if (d->is_live && uname(&name) == 0) {
		doctor_fact(d, "Host", "kernel", "%s %s", name.sysname, name.release);
		calls_check(d);
	}
	user_ns_check(d);
}

/* The v1 hierarchy of a controller: /sys/fs/cgroup/NAME, or a link of that name. */
static bool has_v1(const struct doctor *d, const char *controller)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/sys/fs/cgroup/%s",
		       strcmp(controller, "io") == 0 ? "blkio" : controller);
	return doctor_exists(d, path);
}

static bool has_word(const char *text, const char *word)
{
	AUTO_FREE char *copy = strdup(text);
	char *at = copy, *next;

	while (copy && (next = doctor_word(&at)))
		if (strcmp(next, word) == 0)
			return true;
	return false;
}

void doctor_cgroup(struct doctor *d)
{
	static const char *const known[] = { "cpu", "cpuset", "io", "memory", "pids" };
	AUTO_FREE char *v2 = doctor_read(d, "/sys/fs/cgroup/cgroup.controllers");
	const bool is_hybrid = doctor_exists(d, "/sys/fs/cgroup/unified/cgroup.controllers");
	char have[64] = "";

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (v2 ? has_word(v2, known[i]) : has_v1(d, known[i]))
			(void)snprintf(have + strlen(have), sizeof(have) - strlen(have), " %s",
				       known[i]);
	doctor_fact(d, "Host", "cgroup", "%s:%s",
		    v2        ? "version 2" :
		    is_hybrid ? "hybrid, version 1 controllers" :
				"version 1",
		    *have ? have : " none");
	for (unsigned i = 0; i < d->users->n_controllers; i++)
		if (!has_word(have, d->users->controllers[i]))
			doctor_add(
				d, &rule_controller, NULL, 0,
				"the policy of %s has a limit of %s, and the host no such controller",
				d->users->wants[i], d->users->controllers[i]);
}

/* A drop-in that asks us, or the whole template masked. */
static bool is_manager_refused(const struct doctor *d, const char *folder)
{
	AUTO_FREE char *path = NULL, *dir = NULL;
	char target[PATH_MAX] = "";
	char **names = NULL;
	bool is_refused = false;
	int n;

	if (asprintf(&path, "%s/user@.service", folder) < 0) {
		path = NULL;
		return false;
	}
	if (readlinkat(d->root, path + 1, target, sizeof(target) - 1) > 0 &&
	    strcmp(target, "/dev/null") == 0)
		return true;
	if (asprintf(&dir, "%s.d", path) < 0) {
		dir = NULL;
		return false;
	}
	n = doctor_names(d, dir, ".conf", &names);
	for (int i = 0; i < n; i++) {
		AUTO_FREE char *file = NULL, *text = NULL;

		if (asprintf(&file, "%s/%s", dir, names[i]) < 0)
			file = NULL;
		text = file ? doctor_read(d, file) : NULL;
		is_refused |= text && strstr(text, "nsshell-manager");
	}
	doctor_names_free(names, n);
	return is_refused;
}

bool doctor_has_manager(const struct doctor *d)
{
	static const char *const folders[] = { "/etc/systemd/system", "/run/systemd/system",
					       "/usr/lib/systemd/system", "/lib/systemd/system" };

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (is_manager_refused(d, folders[i]))
			return true;
	return false;
}

void doctor_manager(struct doctor *d)
{
	/* sd_booted(3) */
	if (doctor_exists(d, "/run/systemd/system") && !doctor_has_manager(d))
		doctor_add(d, &rule_manager, "/etc/systemd/system/user@.service.d", 0,
			   "systemd --user is not refused to isolated users");
}
