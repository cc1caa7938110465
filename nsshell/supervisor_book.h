/*
 * The book of an instance's openers: one entry a connection, by descriptor alone.
 */
#ifndef NSISO_SUPERVISOR_BOOK_H
#define NSISO_SUPERVISOR_BOOK_H

#include <poll.h>
#include <stdbool.h>
#include <sys/types.h>

#include "supervisor.h"
#include "supervisor_watch.h"

struct book_entry {
	int conn;       /* -1: closed */
	int opener;     /* pidfd; -1: not registered, or dead */
	pid_t pid;      /* of the opener, for as long as the pidfd says it lives */
	bool joined;    /* it is inside: only its death or its word ends the session */
	bool left;      /* the session is over */
	bool unsettled; /* base has no more than the time: see session_settle() */
	uint64_t since; /* s of CLOCK_REALTIME, when it joined */
	struct wire_session about;
	struct watch_base base; /* of the use, when it joined */
};

struct book {
	unsigned n;
	struct book_entry entry[SUPERVISOR_SESSIONS_MAX];
};

bool book_has_room(const struct book *book);
/* Takes both descriptors over; there must be room. */
void book_add(struct book *book, int conn, int opener);
/* Two pollfds an entry: connection, opener; the number of pollfds. */
unsigned book_poll(const struct book *book, struct pollfd *ret);
/* Forgets entries of which nothing is left, and those that never joined and have gone. */
void book_sweep(struct book *book);
/* Openers registered whose session has not ended. */
unsigned book_sessions(const struct book *book);
/* Openers that live, also those whose session has ended. */
unsigned book_openers(const struct book *book);
/* Puts openers that live on back into the cgroups that the record (in dir) says they came from. */
void book_release(const struct book *book, int dir);

#endif
