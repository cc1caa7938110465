/* The book of an instance's openers; see supervisor_book.h. */
#include "supervisor_book.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "errmsg.h"
#include "instance.h"

bool book_has_room(const struct book *book)
{
	return book->n < SUPERVISOR_SESSIONS_MAX;
}

void book_add(struct book *book, int conn, int opener)
{
	struct book_entry *entry = &book->entry[book->n++];
	struct ucred cred = { .pid = 0 };
	socklen_t len = sizeof(cred);

	(void)getsockopt(conn, SOL_SOCKET, SO_PEERCRED, &cred, &len);
	*entry = (struct book_entry){ .conn = conn, .opener = opener, .pid = cred.pid };
}

unsigned book_poll(const struct book *book, struct pollfd *ret)
{
	unsigned i;

	for (i = 0; i < book->n; i++) {
		ret[2 * i] = (struct pollfd){ .fd = book->entry[i].conn, .events = POLLIN };
		ret[2 * i + 1] = (struct pollfd){ .fd = book->entry[i].opener, .events = POLLIN };
	}
	return 2 * book->n;
}

void book_sweep(struct book *book)
{
	unsigned i = 0;

	while (i < book->n) {
		struct book_entry *entry = &book->entry[i];

		if (entry->conn < 0 && !entry->joined)
			close_fd(&entry->opener);
		if (entry->joined && entry->opener < 0)
			close_fd(&entry->conn);
		if (entry->conn < 0 && entry->opener < 0)
			*entry = book->entry[--book->n];
		else
			i++;
	}
}

unsigned book_sessions(const struct book *book)
{
	unsigned i, n = 0;

	for (i = 0; i < book->n; i++)
		n += book->entry[i].opener >= 0 && !book->entry[i].left;
	return n;
}

unsigned book_openers(const struct book *book)
{
	unsigned i, n = 0;

	for (i = 0; i < book->n; i++)
		n += book->entry[i].opener >= 0;
	return n;
}

void book_release(const struct book *book, int dir)
{
	struct instance_record record;
	struct errmsg e;
	unsigned c, i;

	if (instance_read(dir, &record, &e) < 0)
		return;
	for (c = 0; c < record.n_cgroups; c++) {
		AUTO_CLOSE int procs = open(record.cgroup[c].origin, O_WRONLY | O_CLOEXEC);

		for (i = 0; procs >= 0 && i < book->n; i++) {
			struct pollfd poller = { .fd = book->entry[i].opener, .events = POLLIN };

			/* The pidfd is not readable: the process lives and the number is its own. */
			if (poller.fd >= 0 && poll(&poller, 1, 0) == 0)
				(void)dprintf(procs, "%d", (int)book->entry[i].pid);
		}
	}
}
