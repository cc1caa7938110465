/*
 * Numbered backups of a file, as cp(1) --backup=numbered names them: "alice.conf.~3~".
 */
#ifndef NSISO_STORE_BACKUP_H
#define NSISO_STORE_BACKUP_H

struct errmsg;

#define BACKUP_NAME_MAX 96 /* bytes of a backup's name with its NUL */

/*
 * A further name for the file of that name in dir: no copy, so it is whole, keeps owner, mode and times, and needs
 * no room.  ret gets the name, of BACKUP_NAME_MAX bytes.  0 or -errno.
 */
int backup_make(int dir, const char *name, char *ret, struct errmsg *e);
/* Removes all but the newest keep. */
void backup_prune(int dir, const char *name, unsigned keep);

#endif
