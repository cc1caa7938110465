/* A program that opens sessions through the real libpam; see call.h. */
#include "call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"
#include "world.h"

#define SERVICES WORLD "/pam.d"

/* What the service makes of PAM_IGNORE: pam_debug's code, which the module never returns. */
#define IGNORED PAM_CONV_AGAIN

static int converse(int n, const struct pam_message **messages, struct pam_response **responses,
		    void *data)
{
	struct call *call = data;
	int i;

	for (i = 0; i < n; i++) {
		if (strstr(messages[i]->msg, "=conv_again"))
			continue; /* pam_debug says what it does */
		call->lines++;
		(void)snprintf(call->text, sizeof(call->text), "%s", messages[i]->msg);
	}
	*responses = calloc((size_t)n, sizeof(**responses));
	return *responses ? PAM_SUCCESS : PAM_BUF_ERR;
}

void call_service(const char *name, const char *arguments)
{
	const char *module = world_build("pam_nsiso.so");
	char path[256];

	(void)snprintf(path, sizeof(path), SERVICES "/%s", name);
	world_write(
		path,
		"auth [success=done ignore=ignore default=die] %s %s\n"
		"auth [default=die] pam_debug.so auth=conv_again cred=conv_again\n"
		"account required pam_permit.so\n"
		"session [success=done ignore=ignore default=die] %s %s\n"
		"session [default=die] pam_debug.so open_session=conv_again close_session=conv_again\n",
		module, arguments, module, arguments);
}

void call_good_service(void)
{
	const char *parent = world_cgroup_parent();

	world_write(WORLD "/conf/default.conf", "[cgroup]\nenable=%s\nparent=%s\n",
		    parent ? "yes" : "no", parent ? parent : "self");
	call_service("good", "confdir=" WORLD "/conf");
}

int call_in_child(int (*run)(void))
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(run());
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void call_start(struct call *call, const char *service, const char *user)
{
	const struct pam_conv conversation = { converse, call };
	int r;

	memset(call, 0, sizeof(*call));
	r = pam_start_confdir(service, user, &conversation, SERVICES, &call->pamh);
	if (r != PAM_SUCCESS)
		tap_bail("pam_start_confdir: %d", r);
}

static int code(int r)
{
	return r == IGNORED ? PAM_IGNORE : r;
}

int call_open(struct call *call)
{
	return code(pam_open_session(call->pamh, 0));
}

int call_close(struct call *call)
{
	return code(pam_close_session(call->pamh, 0));
}

int call_authenticate(struct call *call)
{
	return code(pam_authenticate(call->pamh, 0));
}

int call_setcred(struct call *call)
{
	return code(pam_setcred(call->pamh, PAM_ESTABLISH_CRED));
}

void call_end(struct call *call)
{
	(void)pam_end(call->pamh, PAM_SUCCESS);
	call->pamh = NULL;
}

int call_try(struct call *ret, const char *service, const char *user)
{
	int r;

	call_start(ret, service, user);
	r = call_open(ret);
	call_end(ret);
	return r;
}
