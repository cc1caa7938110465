/* The admin's process of a trial while the others are at work: tells what they do, and ends what takes too long. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "plan_words.h"
#include "table.h"
#include "trial.h"
#include "wire.h"

/*
 * Nothing was there to run (126, 127: man 1 sh), nsshell has refused (254), or a signal ended it.  What is below is
 * the shell's own: nologin(8) has 1, and is right for some.
 */
#define STATUS_NOT_RUN 126

enum { WATCH_SOCK, WATCH_SIGNALS, WATCH_OUT, WATCH_ERR, WATCH_COUNT };

struct watch {
	struct trial *trial;
	pid_t user;      /* the user's process, on the host; 0: not known yet */
	bool is_waiting; /* that process, to be looked at */
	int status;      /* to exit with */
	bool is_ready;   /* the login has got as far as its shell */
};

void trial_print(struct trial *trial, bool holds, const char *fmt, ...)
{
	va_list arguments;

	trial->n_failed += !holds;
	(void)fputs(holds ? "ok    " : "FAIL  ", trial->out);
	va_start(arguments, fmt);
	(void)vfprintf(trial->out, fmt, arguments);
	va_end(arguments);
	(void)fputc('\n', trial->out);
	(void)fflush(trial->out);
}

static void step_print(const struct trial *trial, const struct trial_message *message)
{
	static const char *const actors[] = { "opener", "supervisor", "init" };
	const struct plan *plan = &trial->shared->opener.plan;
	char words[PLAN_WORDS_MAX];
	const struct step *step;

	if (message->index >= plan->n_steps)
		return;
	step = &plan->steps[message->index];
	(void)fprintf(trial->out, "%8" PRIu64 "  %-10s  %s%s\n", message->usec, actors[step->actor],
		      message->value ? "FAILED: " : "", plan_words(plan, step, words));
}

static void shell_print(struct watch *w, const struct trial_message *message)
{
	struct trial *trial = w->trial;
	const int status = message->value;

	w->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	w->is_ready = true;
	/* The self-test entered it by itself. */
	if (trial->shared->policy.user.map != MAP_NONE &&
	    strcmp(trial->shared->shell, NSISO_BINDIR "/nsshell") != 0)
		trial_print(trial, false, "login shell: %s does not enter the user namespace",
			    trial->shared->shell);
	if (trial->command)
		(void)fprintf(trial->out, "      command: status %d after %" PRIu64 " us\n",
			      w->status, message->usec);
	else
		trial_print(trial, w->status < STATUS_NOT_RUN,
			    "login shell: %s ran for %" PRIu64 " us, status %d",
			    trial->shared->shell, message->usec, w->status);
}

/* Its own word and the opener's, who knows its pid, come in any order. */
static void user_look(struct watch *w)
{
	static const struct trial_message go = { .kind = TRIAL_GO };

	if (!w->is_waiting || w->user == 0)
		return;
	w->is_waiting = false;
	trial_look_outside(w->trial, w->user);
	trial_send(w->trial, &go);
}

static void message_handle(struct watch *w, const struct trial_message *message)
{
	struct trial *trial = w->trial;

	switch ((enum trial_kind)message->kind) {
	case TRIAL_STEP:
		step_print(trial, message);
		break;
	case TRIAL_WARNING:
		(void)fprintf(trial->out, "      warning: %s\n", message->text);
		break;
	case TRIAL_REFUSED:
		trial_print(trial, false, "%s", message->text);
		break;
	case TRIAL_INSIDE:
		(void)fprintf(trial->out, "%8" PRIu64 "  in all, until inside\n\n", message->usec);
		break;
	case TRIAL_CHILD:
		w->user = message->value;
		user_look(w);
		break;
	case TRIAL_USER:
		w->is_waiting = true;
		user_look(w);
		break;
	case TRIAL_CHECK:
		trial_print(trial, message->value == 0, "%s", message->text);
		break;
	case TRIAL_SHELL:
		shell_print(w, message);
		break;
	case TRIAL_GO:
		break;
	}
}

/* The user's start-up files print, too: the admin's terminal must obey none of it. */
static void output_clean(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((text[i] < ' ' || text[i] > '~') && text[i] != '\n' && text[i] != '\t')
			text[i] = '?';
}

/* What the command has printed; false: its end. */
static bool output_copy(int from, int to)
{
	char text[4096];
	ssize_t n = read(from, text, sizeof(text)), done = 0;

	if (n <= 0)
		return n < 0 && errno == EAGAIN;
	if (isatty(to))
		output_clean(text, (size_t)n);
	while (done < n) {
		ssize_t written = write(to, text + done, (size_t)(n - done));

		if (written < 0)
			return false;
		done += written;
	}
	return true;
}

/* false: there will be no more. */
static bool message_read(struct watch *w)
{
	struct trial_message message;
	ssize_t n = recv(w->trial->sock, &message, sizeof(message), 0);

	if (n != (ssize_t)sizeof(message))
		return false;
	message.text[sizeof(message.text) - 1] = '\0';
	/* From inside, from a process that is the user's by then. */
	(void)text_clean(message.text);
	message_handle(w, &message);
	return true;
}

static int signals_catch(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Why it came to no end by itself; NULL: it did. */
static const char *loop(struct watch *w, struct pollfd *pollers, int64_t deadline)
{
	for (;;) {
		int64_t left = deadline - wire_now();

		if (left <= 0)
			return "it took too long";
		if (poll(pollers, WATCH_COUNT, (int)left) < 0 && errno != EINTR)
			return strerror(errno);
		for (int i = WATCH_OUT; i <= WATCH_ERR; i++)
			if (pollers[i].revents && !output_copy(pollers[i].fd, i - WATCH_OUT + 1))
				pollers[i].fd = -1;
		if (pollers[WATCH_SIGNALS].revents)
			return "interrupted";
		if (pollers[WATCH_SOCK].revents && !message_read(w))
			return NULL;
	}
}

bool trial_watch(struct trial *trial, pid_t opener, const int output[2], unsigned seconds,
		 int *ret_status)
{
	struct watch w = { .trial = trial, .status = 1 };
	AUTO_CLOSE int signals = signals_catch();
	struct pollfd pollers[WATCH_COUNT] = {
		[WATCH_SOCK] = { .fd = trial->sock, .events = POLLIN },
		[WATCH_SIGNALS] = { .fd = signals, .events = POLLIN },
		[WATCH_OUT] = { .fd = output[0], .events = POLLIN },
		[WATCH_ERR] = { .fd = output[1], .events = POLLIN },
	};
	const char *why = loop(&w, pollers, wire_now() + (int64_t)seconds * 1000);

	/* The supervisor sees the end of the opener, and the instance ends. */
	(void)kill(opener, SIGKILL);
	(void)waitpid(opener, NULL, 0);
	/* What was still in the pipes: they do not block. */
	for (int i = WATCH_OUT; i <= WATCH_ERR; i++)
		while (!why && pollers[i].fd >= 0 && poll(&pollers[i], 1, 0) > 0)
			if (!output_copy(pollers[i].fd, i - WATCH_OUT + 1))
				pollers[i].fd = -1;
	if (why)
		trial_print(trial, false, "stopped: %s", why);
	*ret_status = w.status;
	return w.is_ready && !why;
}
