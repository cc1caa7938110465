/* nsshell --status in the manner of systemctl status; what the kernel does not say is left out. */
#include <inttypes.h>

#include "status.h"
#include "units.h"

#define LABEL "%12s: "

struct line {
	FILE *out;
	const char *between; /* what stands before the next remark in parentheses */
};

static bool is_known(uint64_t value)
{
	return value != USE_UNKNOWN;
}

/* "(max: 64.0M, peak: 12.1M)", piece by piece. */
static void remark(struct line *line, const char *name, const char *value)
{
	(void)fprintf(line->out, "%s%s%s%s", line->between, name, *name ? ": " : "", value);
	line->between = ", ";
}

static void end_line(const struct line *line)
{
	(void)fprintf(line->out, "%s\n", line->between[0] == ',' ? ")" : "");
}

static void remark_bytes(struct line *line, const char *name, uint64_t bytes)
{
	char text[UNITS_MAX];

	if (bytes < USE_NO_LIMIT)
		remark(line, name, units_bytes(bytes, text));
}

static void remark_number(struct line *line, const char *name, uint64_t number)
{
	char text[UNITS_MAX];

	(void)snprintf(text, sizeof(text), "%" PRIu64, number);
	if (number < USE_NO_LIMIT)
		remark(line, name, text);
}

static void print_memory(const struct cgroup_use *use, FILE *out)
{
	struct line line = { out, " (" };
	char text[UNITS_MAX];

	if (!is_known(use->at[USE_MEMORY]))
		return;
	(void)fprintf(out, LABEL "%s", "Memory", units_bytes(use->at[USE_MEMORY], text));
	remark_bytes(&line, "max", use->at[USE_MEMORY_MAX]);
	remark_bytes(&line, "high", use->at[USE_MEMORY_HIGH]);
	remark_bytes(&line, "peak", use->at[USE_MEMORY_PEAK]);
	remark_bytes(&line, "swap", use->at[USE_SWAP]);
	remark_bytes(&line, "swap max", use->at[USE_SWAP_MAX]);
	remark_bytes(&line, "swap peak", use->at[USE_SWAP_PEAK]);
	end_line(&line);
}

static void print_tasks(const struct cgroup_use *use, FILE *out)
{
	struct line line = { out, " (" };

	if (!is_known(use->at[USE_PIDS]))
		return;
	(void)fprintf(out, LABEL "%" PRIu64, "Tasks", use->at[USE_PIDS]);
	remark_number(&line, "limit", use->at[USE_PIDS_MAX]);
	remark_number(&line, "peak", use->at[USE_PIDS_PEAK]);
	if (use->at[USE_PIDS_REFUSED])
		remark_number(&line, "refused", use->at[USE_PIDS_REFUSED]);
	end_line(&line);
}

/* "340ms", "1.500s", "2min 3s" */
static const char *span_text(uint64_t usec, char ret[UNITS_MAX])
{
	if (usec >= 60000000)
		return units_span(usec / 1000000, ret);
	if (usec >= 1000000)
		(void)snprintf(ret, UNITS_MAX, "%u.%03us", (unsigned)(usec / 1000000),
			       (unsigned)(usec / 1000 % 1000));
	else
		(void)snprintf(ret, UNITS_MAX, "%ums", (unsigned)(usec / 1000));
	return ret;
}

static void print_cpu(const struct cgroup_use *use, FILE *out)
{
	const uint64_t quota = use->at[USE_CPU_QUOTA], period = use->at[USE_CPU_PERIOD];
	const uint64_t *weight = &use->at[USE_CPU_WEIGHT];
	struct line line = { out, " (" };
	char text[UNITS_MAX];

	if (!is_known(use->at[USE_CPU_TIME]) && !is_known(quota) && !is_known(*weight))
		return;
	(void)fprintf(out, LABEL "%s", "CPU",
		      is_known(use->at[USE_CPU_TIME]) ? span_text(use->at[USE_CPU_TIME], text) :
							"-");
	if (quota < USE_NO_LIMIT && period && period < USE_NO_LIMIT) {
		(void)snprintf(text, sizeof(text), "%" PRIu64 "%%", quota * 100 / period);
		remark(&line, "max", text);
	}
	if (*weight != 100)
		remark_number(&line, "weight", *weight);
	if (is_known(use->at[USE_THROTTLED_TIME]) && use->at[USE_THROTTLED_TIME])
		remark(&line, "throttled", span_text(use->at[USE_THROTTLED_TIME], text));
	end_line(&line);
}

static void print_io(const struct cgroup_use *use, FILE *out)
{
	char read[UNITS_MAX], written[UNITS_MAX];

	if (is_known(use->at[USE_IO_READ]) && is_known(use->at[USE_IO_WRITTEN]))
		(void)fprintf(out, LABEL "%s read, %s written\n", "IO",
			      units_bytes(use->at[USE_IO_READ], read),
			      units_bytes(use->at[USE_IO_WRITTEN], written));
}

static void print_event(const struct status_event *event, const char *name, int64_t now, FILE *out)
{
	char when[UNITS_MAX], ago[UNITS_MAX];

	if (event->time == 0)
		return;
	(void)fprintf(out, LABEL "%s; %s ago", name, units_time(event->time, when),
		      units_span(now > event->time ? (uint64_t)(now - event->time) : 0, ago));
	if (event->count > 1 && event->count < USE_NO_LIMIT)
		(void)fprintf(out, " (%" PRIu64 " at once)", event->count);
	(void)fputc('\n', out);
}

void status_print(const struct status *status, const char *user, int64_t now, FILE *out)
{
	const uint64_t kills = status->use.at[USE_OOM_KILLS];
	char when[UNITS_MAX], ago[UNITS_MAX];

	(void)fprintf(out, "%s: isolated, instance %s\n", user, status->id);
	(void)fprintf(out, LABEL "%s; %s ago\n", "Since", units_time(status->since, when),
		      units_span(now > status->since ? (uint64_t)(now - status->since) : 0, ago));
	print_memory(&status->use, out);
	print_tasks(&status->use, out);
	print_cpu(&status->use, out);
	print_io(&status->use, out);
	if (is_known(kills) && kills)
		(void)fprintf(out, LABEL "%" PRIu64 "\n", "OOM kills", kills);
	print_event(&status->kill, "Last kill", now, out);
	print_event(&status->refusal, "Last refusal", now, out);
}
