/* The error object; see errmsg.h.  Saves nothing but text: no allocation, no logging. */
#include "errmsg.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int errmsg_set(struct errmsg *e, int code, const char *fmt, ...)
{
	va_list ap;
	size_t used;

	e->code = code;
	va_start(ap, fmt);
	(void)vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	used = strlen(e->text);
	(void)snprintf(e->text + used, sizeof(e->text) - used, ": %s", strerror(-code));
	return code;
}

int errmsg_setx(struct errmsg *e, int code, const char *fmt, ...)
{
	va_list ap;

	e->code = code;
	va_start(ap, fmt);
	(void)vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return code;
}

int errmsg_wrap(struct errmsg *e, const char *fmt, ...)
{
	char old[ERRMSG_MAX];
	va_list ap;
	size_t used;

	memcpy(old, e->text, sizeof(old));
	va_start(ap, fmt);
	(void)vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	used = strlen(e->text);
	(void)snprintf(e->text + used, sizeof(e->text) - used, ": %s", old);
	return e->code;
}
