/* What the backends of cgroup limits share: the files of a group's folder, and devices by path. */
#ifndef NSISO_CGROUP_FILES_H
#define NSISO_CGROUP_FILES_H

#include <stdbool.h>
#include <stddef.h>

struct cgroup_one;
struct errmsg;

/* How what is read from a file is compared with what was written to it. */
enum cgroup_form {
	FORM_PLAIN, /* to the byte */
	FORM_BYTES, /* rounded to pages */
	FORM_LINE,  /* the first line */
};

/* The whole file without the newline at its end; -errno. */
int cgroup_file_read(int dir, const char *file, char *ret, size_t size);
int cgroup_file_write(int dir, const char *file, const char *text);
bool cgroup_file_is(const char *have, const char *want, enum cgroup_form form);
/* Written where it differs, and read back; text with e. */
int cgroup_file_set(int dir, const char *file, const char *text, enum cgroup_form form,
		    struct errmsg *e);

/*
 * The disk that a path of io.max means: "MAJOR:MINOR" of a block device (of the whole disk, when it is a
 * partition: rates are the disk's), or of the one that the path's file system lies on.
 */
int cgroup_device(const char *path, char *ret, size_t size, struct errmsg *e);

/* v1: nothing may enter a cpuset before it has processors and memory: those of its parent, all the way. */
int cgroup_inherit_cpuset(const char *path);

/* Writes "DEVICE text" for each device that has a line. */
int cgroup_reset_devices(int dir, const char *file, const char *text, struct errmsg *e);
int cgroup_reset_devices_v1(int dir, struct errmsg *e);
/* To the default, v2's text; nothing where v1 has no such file. */
int cgroup_reset_v1(int dir, const char *name, const char *preset, struct errmsg *e);

/* The weight in "default N" or "N", for bfq, whose range ends at 1000. */
void cgroup_bfq_weight(const char *text, char *ret, size_t size);

/* v2: hands a controller down from the root to what lies below folder. */
int cgroup_hand_down(const char *folder, const char *controller, struct errmsg *e);

/* One limit in one hierarchy; see cgroup_limit().  dir: the folder; name: v2's. */
int cgroup_limit_v1(int dir, const char *name, const char *text, struct errmsg *e);

#endif
