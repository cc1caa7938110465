/* The admin's editor; see editor.h. */
#include "editor.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "errmsg.h"

static volatile sig_atomic_t is_stopped;

static const char *editor_find(void)
{
	static const char *const variables[] = { "SUDO_EDITOR", "VISUAL", "EDITOR" };
	static const char *const programs[] = { "/usr/bin/editor", "/usr/bin/vi", "/bin/vi",
						"/usr/bin/nano", "/bin/ed" };

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		const char *value = getenv(variables[i]);

		if (value && value[strspn(value, " \t")] != '\0')
			return value;
	}
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (access(programs[i], X_OK) == 0)
			return programs[i];
	return NULL;
}

/* The program behind links of the host's alternatives: /usr/bin/editor is vim.tiny or nano. */
static void program_name(const char *editor, char ret[64])
{
	size_t skip = strspn(editor, " \t");
	size_t len = strcspn(editor + skip, " \t");
	char path[PATH_MAX] = "";
	char real[PATH_MAX];
	const char *name;

	(void)snprintf(path, sizeof(path), "%s%.*s",
		       memchr(editor + skip, '/', len) ? "" : "/usr/bin/", (int)len, editor + skip);
	name = realpath(path, real) ? real : path;
	(void)snprintf(ret, 64, "%.63s", strrchr(name, '/') ? strrchr(name, '/') + 1 : name);
	/* vim.tiny */
	ret[strcspn(ret, ".")] = '\0';
}

/* Those that go to a line by +LINE; others would take it for a file. */
static bool takes_line(const char *editor)
{
	static const char *const names[] = { "vi",    "vim",  "nvim", "nvi",   "elvis",
					     "ex",    "nano", "pico", "emacs", "emacsclient",
					     "mg",    "jed",  "joe",  "jmacs", "mcedit",
					     "micro", "kak",  "ne",   "zile" };
	char name[64];

	program_name(editor, name);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static void child_run(const char *editor, const char *path, unsigned line)
{
	char place[16];
	AUTO_FREE char *command = NULL;
	char *const argv[] = { (char *)"sh", (char *)"-c", NULL, (char *)"nsisoctl",
			       place,        (char *)path, NULL };
	char **words = (char **)argv;

	(void)signal(SIGINT, SIG_DFL);
	(void)signal(SIGQUIT, SIG_DFL);
	(void)signal(SIGTERM, SIG_DFL);
	(void)signal(SIGHUP, SIG_DFL);
	(void)snprintf(place, sizeof(place), "+%u", line);
	/* As git(1) does: the variable may have arguments and quotes in it. */
	if (asprintf(&command, "exec %s \"$@\"", editor) < 0)
		_exit(127);
	words[2] = command;
	if (line == 0 || !takes_line(editor)) {
		words[4] = (char *)path;
		words[5] = NULL;
	}
	(void)execv("/bin/sh", words);
	_exit(127);
}

static int status_judge(int status, struct errmsg *e)
{
	if (WIFSIGNALED(status))
		return errmsg_setx(e, -EINTR, "the editor was ended by signal %d",
				   WTERMSIG(status));
	if (WEXITSTATUS(status) == 127)
		return errmsg_setx(e, -ENOENT, "the editor cannot be started");
	if (WEXITSTATUS(status) != 0)
		return errmsg_setx(e, -EIO, "the editor failed with status %d",
				   WEXITSTATUS(status));
	return 0;
}

int editor_run(const char *path, unsigned line, struct errmsg *e)
{
	const char *editor = editor_find();
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction interrupt, quit;
	int status = 0;
	pid_t pid;
	int r = 0;

	if (!editor)
		return errmsg_setx(e, -ENOENT, "there is no editor: set EDITOR");
	/* As system(3) has it: Ctrl-C is the editor's, and not for who waits for it. */
	(void)sigaction(SIGINT, &ignore, &interrupt);
	(void)sigaction(SIGQUIT, &ignore, &quit);
	pid = fork();
	if (pid == 0)
		child_run(editor, path, line);
	if (pid < 0)
		r = errmsg_set(e, -errno, "cannot start the editor");
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR) {
			r = errmsg_set(e, -errno, "cannot wait for the editor");
			break;
		}
	(void)sigaction(SIGINT, &interrupt, NULL);
	(void)sigaction(SIGQUIT, &quit, NULL);
	return r < 0 ? r : status_judge(status, e);
}

static void stop_note(int number)
{
	(void)number;
	is_stopped = 1;
}

void question_signals(void)
{
	/* Without SA_RESTART: read(2) is to end. */
	struct sigaction action = { .sa_handler = stop_note };

	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGHUP, &action, NULL);
}

/* The first letter of a line, 0 for an empty one, -1 at the end. */
static int letter_read(void)
{
	int first = 0;
	char c;

	for (;;) {
		ssize_t n = is_stopped ? 0 : read(STDIN_FILENO, &c, 1);

		if (n <= 0)
			return -1;
		if (c == '\n')
			return first;
		if (first == 0 && c != ' ' && c != '\t')
			first = (unsigned char)c;
	}
}

char question_ask(const char *text, const char *letters)
{
	char last = letters[strlen(letters) - 1];

	while (!is_stopped) {
		int letter;

		(void)fprintf(stderr, "%s ", text);
		(void)fflush(stderr);
		letter = letter_read();
		if (letter > 0 && strchr(letters, letter))
			return (char)letter;
		if (letter < 0)
			break;
	}
	(void)fputc('\n', stderr);
	return last;
}
