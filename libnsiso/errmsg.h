/*
 * An error: a negative errno and the sentence that goes with it, of fixed size, never on the heap.
 * The text is made where the call failed, wrapped with context on the way up, and logged once at the top.
 * Grammar: lower case, no full stop, "cannot VERB OBJECT: REASON".
 */
#ifndef NSISO_ERRMSG_H
#define NSISO_ERRMSG_H

#define ERRMSG_MAX 512 /* bytes, with the NUL; longer texts are cut */

struct errmsg {
	int code; /* negative errno, 0: no error */
	char text[ERRMSG_MAX];
};

/* "text: strerror(-code)"; returns code. */
int errmsg_set(struct errmsg *e, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The text only; returns code. */
int errmsg_setx(struct errmsg *e, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Put "context: " before the text that is there; returns e->code. */
int errmsg_wrap(struct errmsg *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
