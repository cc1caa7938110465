/*
 * Opening the files of a policy so that nobody but root can have written them.
 */
#ifndef NSISO_POLICY_TRUST_H
#define NSISO_POLICY_TRUST_H

#include <stddef.h>

struct errmsg;

/*
 * An O_PATH descriptor of a directory that, with all above it, belongs to root and is writable by
 * nobody else; no symbolic links.  path is absolute.  -errno with a sentence.
 */
int trust_dir_open(const char *path, struct errmsg *e);
/* The same for a directory inside a trusted one, readable when flags is O_RDONLY (else O_PATH). */
int trust_subdir_open(int dir, const char *name, int flags, struct errmsg *e);
/*
 * The whole of a trusted regular file of at most POLICY_FILE_MAX bytes; *ret is for free().
 * 0, or -errno with a sentence that does not name the file.
 */
int trust_file_read(int dir, const char *name, char **ret, size_t *ret_len, struct errmsg *e);
/* The same without asking whose it is. */
int trust_file_read_any(int dir, const char *name, char **ret, size_t *ret_len, struct errmsg *e);

#endif
