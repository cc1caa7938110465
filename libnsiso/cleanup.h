/*
 * Attribute-based cleanup of memory and descriptors, and moving ownership out of it.
 * A closed descriptor is -1 (or -EBADF); close(2) is never retried (man 2 close, NOTES).
 */
#ifndef NSISO_CLEANUP_H
#define NSISO_CLEANUP_H

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_close(const int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(*fd);
	errno = saved;
}

static inline void cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}

#define AUTO_CLOSE __attribute__((cleanup(cleanup_close)))
#define AUTO_FREE __attribute__((cleanup(cleanup_free)))

/* Hand over: returns *fd and leaves -1 behind. */
static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* Close what *fd holds, if anything, and leave -1 behind. */
static inline void close_fd(int *fd)
{
	cleanup_close(fd);
	*fd = -1;
}

#endif
