/* Records in the log, as syslog and as the journal get them, and the file of the last events. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "folder.h"
#include "supervisor_events.h"
#include "supervisor_report.h"

static void test_line(void **state)
{
	struct report r;

	(void)state;
	report_begin(&r, "session ended", "session-end", "alice", "0123");
	report_add(&r, "tty", "");
	report_add_number(&r, "pid", 17);
	report_add_seconds(&r, "cpu", 61002345);
	report_add_seconds(&r, "throttled", 0);
	report_add_number(&r, "io_read", UINT64_MAX - 2);
	assert_string_equal(
		r.text,
		"session ended: event=session-end user=alice id=0123 tty= pid=17 cpu=61.002 "
		"throttled=0.000 io_read=18446744073709551613");
	assert_int_equal(r.len, strlen(r.text));
}

/* A value can't end its pair, the line, or a field of the journal's, nor make one up. */
static void test_hostile_values(void **state)
{
	char text[1024];
	struct report r;

	(void)state;
	report_begin(&r, "s", "e", "u", "i");
	report_add(&r, "rhost", "a b\nNSISO_USER=root\t\x7f\x1b[31m=c");
	assert_string_equal(r.text, "s: event=e user=u id=i rhost=a_b_NSISO_USER=root___[31m=c");
	assert_true(report_journal(&r, 5, text, sizeof(text)) > 0);
	assert_null(strstr(text, "\nNSISO_USER=root"));
	assert_non_null(strstr(text, "\nNSISO_RHOST=a_b_NSISO_USER=root___[31m=c\n"));
}

static void test_too_much(void **state)
{
	char value[200];
	struct report r;
	int i;

	(void)state;
	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	report_begin(&r, "s", "e", "u", "i");
	for (i = 0; i < 100; i++)
		report_add(&r, "key", value);
	assert_true(r.len < sizeof(r.text));
	assert_int_equal(r.len, strlen(r.text));
	/* A value is cut, a pair that does not fit is left out as a whole. */
	assert_int_equal((r.len - strlen("s: event=e user=u id=i")) % (strlen(" key=") + 63), 0);
	assert_true(r.len > sizeof(r.text) - 70);
	report_add_number(&r, "k", 1);
	assert_string_equal(r.text + r.len - 4, " k=1");
}

static void test_journal(void **state)
{
	char text[1024], want[1024], small[60];
	struct report r;

	(void)state;
	report_begin(&r, "out of memory", "oom", "alice", "0123");
	report_add_number(&r, "pids_peak", 3);
	(void)snprintf(
		want, sizeof(want),
		"MESSAGE=out of memory: event=oom user=alice id=0123 pids_peak=3\nPRIORITY=4\n"
		"SYSLOG_FACILITY=10\nSYSLOG_IDENTIFIER=nsiso\nSYSLOG_PID=%d\n"
		"NSISO_EVENT=oom\nNSISO_USER=alice\nNSISO_ID=0123\nNSISO_PIDS_PEAK=3\n",
		(int)getpid());
	assert_int_equal(report_journal(&r, 4, text, sizeof(text)), strlen(want));
	assert_memory_equal(text, want, strlen(want));
	assert_int_equal(report_journal(&r, 4, small, sizeof(small)), 0);
	assert_int_equal(report_journal(&r, 4, text, strlen(want)), 0);
	assert_int_equal(report_journal(&r, 4, text, strlen(want) + 1), strlen(want));
}

static int make_folder(void **state)
{
	return folder_make(state) < 0 ? -1 : mkdirat(dir, "in", 0755);
}

static int remove_folder(void **state)
{
	(void)unlinkat(dir, "in/events", 0);
	(void)unlinkat(dir, "in", AT_REMOVEDIR);
	return folder_remove(state);
}

static size_t read_events(char *ret, size_t size)
{
	int fd = openat(dir, "in/events", O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, ret, size - 1);

	(void)close(fd);
	assert_true(n >= 0);
	ret[n] = '\0';
	return (size_t)n;
}

static void test_events(void **state)
{
	char text[2 * EVENTS_MAX], line[64];
	struct stat st;
	int i;

	(void)state;
	events_keep(dir, "event=oom count=1");
	(void)read_events(text, sizeof(text));
	assert_int_equal(strncmp(text, "time=", 5), 0);
	assert_string_equal(strchr(text, ' '), " event=oom count=1\n");
	assert_int_equal(fstatat(dir, "in/events", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	/* The newest stay, each of them whole. */
	for (i = 0; i < 200; i++) {
		(void)snprintf(line, sizeof(line), "event=pids count=%d", i);
		events_keep(dir, line);
		assert_true(read_events(text, sizeof(text)) <= EVENTS_MAX);
		assert_int_equal(strncmp(text, "time=", 5), 0);
	}
	assert_non_null(strstr(text, " event=pids count=190\n"));
	assert_non_null(strstr(text, " event=pids count=199\n"));
	assert_null(strstr(text, "event=oom"));
	assert_int_equal(faccessat(dir, "in/.events", F_OK, 0), -1);
}

/* Without the folder, or with a link in place of the file, nothing happens. */
static void test_events_elsewhere(void **state)
{
	(void)state;
	events_keep(-1, "event=oom");
	(void)unlinkat(dir, "in/events", 0);
	assert_int_equal(symlinkat("/etc/passwd", dir, "in/.events"), 0);
	events_keep(dir, "event=oom");
	assert_int_equal(faccessat(dir, "in/events", F_OK, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),     cmocka_unit_test(test_hostile_values),
		cmocka_unit_test(test_too_much), cmocka_unit_test(test_journal),
		cmocka_unit_test(test_events),   cmocka_unit_test(test_events_elsewhere),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
