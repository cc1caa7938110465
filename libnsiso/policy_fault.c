/*
 * Faults of a policy file on their way to the reporter.  Their text may quote the file, so it is
 * made harmless for terminals and logs here, in one place.
 */
#include "policy_fault.h"

#include <stdarg.h>
#include <stdio.h>

#include "errmsg.h"

/* ret holds ERRMSG_MAX bytes; what does not fit is cut. */
static void text_escape(const char *text, char *ret)
{
	static const char digits[] = "0123456789abcdef";
	size_t used = 0;

	for (; *text != '\0' && used < ERRMSG_MAX - 5; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte >= 0x20 && byte < 0x7f) {
			ret[used++] = (char)byte;
			continue;
		}
		ret[used++] = '\\';
		ret[used++] = 'x';
		ret[used++] = digits[byte >> 4];
		ret[used++] = digits[byte & 15];
	}
	ret[used] = '\0';
}

void policy_fault(struct policy_faults *faults, unsigned line, unsigned column, const char *fmt,
		  ...)
{
	char text[ERRMSG_MAX];
	char safe[ERRMSG_MAX];
	va_list ap;

	faults->count++;
	if (!faults->report || faults->count > POLICY_FAULTS_MAX)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text_escape(text, safe);
	if (faults->count == POLICY_FAULTS_MAX)
		(void)snprintf(safe, sizeof(safe), "too many faults, the rest is not shown");
	faults->report(faults->ctx, faults->file, line, column, safe);
}

bool policy_fault_is_enough(const struct policy_faults *faults)
{
	return faults->count >= POLICY_FAULTS_MAX;
}
