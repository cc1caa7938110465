/*
 * The entry points of the module: arguments, facts, policy, then the opener's work; one log line for what
 * came of it.  A failure is PAM_SYSTEM_ERR or PAM_PERM_DENIED and never PAM_SESSION_ERR, which sudo(8)
 * ignores.
 */
#include <errno.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "errmsg.h"
#include "opener.h"
#include "pam_args.h"
#include "pam_child.h"
#include "pam_decide.h"
#include "pam_leave.h"
#include "pam_observe.h"
#include "wire.h"

#define DATA_NAME "nsiso_session"

static int64_t now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void free_session(pam_handle_t *pamh, void *data, int status)
{
	struct session *session = data;

	(void)pamh, (void)status;
	close_fd(&session->conn);
	close_fd(&session->user_ns);
	pam_child_unmark(session);
	free(session);
}

/* Empty, in the PAM handle: what can fail must fail before anything is joined. */
static struct session *new_session(pam_handle_t *pamh, struct errmsg *e)
{
	struct session *session = calloc(1, sizeof(*session));

	if (!session) {
		(void)errmsg_setx(e, -ENOMEM, "out of memory");
		return NULL;
	}
	session->conn = session->user_ns = -1;
	if (pam_child_mark(session, e) == 0 &&
	    pam_set_data(pamh, DATA_NAME, session, free_session) == PAM_SUCCESS)
		return session;
	if (session->opener)
		(void)errmsg_setx(e, -ENOMEM, "PAM cannot keep the session");
	free_session(pamh, session, 0);
	return NULL;
}

static void warn(const struct opener *o, const char *what, const char *text)
{
	pam_syslog(o->pamh, LOG_WARNING, "%s: user=%s id=%s reason=%s", what, o->facts.user,
		   o->facts.id, text);
}

/* The log has the reason; the user gets what support needs to find it, in one line (sftp shows it too). */
static int refuse(pam_handle_t *pamh, const struct facts *facts, const char *told,
		  const struct errmsg *e)
{
	char id[NSISO_ID_MAX];

	(void)snprintf(id, sizeof(id), "%s", facts->id[0] ? facts->id : "-");
	pam_syslog(pamh, LOG_ERR, "session refused: user=%s service=%s id=%s reason=%s",
		   facts->user[0] ? facts->user : "-", facts->service, id, e->text);
	pam_error(pamh, "nsiso: %s, reference %s", told ? told : "isolation failed", id);
	return e->code == -EPERM || e->code == -EACCES ? PAM_PERM_DENIED : PAM_SYSTEM_ERR;
}

static void log_opened(pam_handle_t *pamh, const struct facts *facts, const struct policy *policy,
		       const struct session *session, int64_t begin)
{
	char namespaces[64], files[512];

	plan_namespaces(session->namespaces, namespaces, sizeof(namespaces));
	policy_file_names(policy, files, sizeof(files));
	pam_syslog(pamh, LOG_NOTICE,
		   "session opened: user=%s id=%s instance=%s policy=%s ns=%s cgroup=%s usec=%lld",
		   facts->user, session->id, session->joined ? "joined" : "new", files, namespaces,
		   session->cgroup[0] ? session->cgroup : "-", (long long)(now_us() - begin));
}

/* What led to it, for the argument debug; what came of it is in the line of log_opened(). */
static void log_decision(pam_handle_t *pamh, const struct facts *facts, const struct policy *policy)
{
	char files[512];

	policy_file_names(policy, files, sizeof(files));
	pam_syslog(pamh, LOG_DEBUG,
		   "to be isolated: user=%s uid=%u service=%s rhost=%s policy=%s scope=%s shell=%s",
		   facts->user, (unsigned)facts->uid, facts->service,
		   facts->rhost[0] ? facts->rhost : "-", files,
		   policy->session.scope == SCOPE_USER ? "user" : "session", policy->session.shell);
}

/* What is over keeps its name in the handle, without data. */
static const struct session *find_session(pam_handle_t *pamh)
{
	const void *data;

	return pam_get_data(pamh, DATA_NAME, &data) == PAM_SUCCESS ? data : NULL;
}

static int open_isolated(pam_handle_t *pamh, struct opener *o, struct errmsg *e)
{
	struct session *session;
	int r;

	/* pam_nsiso on two lines, or a second session of a process that can't leave its first one. */
	if (find_session(pamh))
		return errmsg_setx(e, -EBUSY, "this process has an isolated session already");
	session = new_session(pamh, e);
	if (!session)
		return e->code;
	r = opener_run(o, session, e);
	if (r < 0) {
		(void)pam_set_data(pamh, DATA_NAME, NULL, NULL);
		return r;
	}
	log_opened(pamh, &o->facts, o->policy, session, o->begin);
	return 0;
}

static int open_session(pam_handle_t *pamh, int argc, const char **argv, struct opener *o,
			struct errmsg *e)
{
	AUTO_FREE struct policy *policy = calloc(1, sizeof(*policy));
	struct pam_args args;
	int r;

	if (!policy)
		return errmsg_setx(e, -ENOMEM, "out of memory");
	r = pam_decide_user(pamh, &o->facts, e);
	if (r == 2)
		return pam_leave_run(pamh, &o->facts, &o->told, e);
	if (r == 0)
		r = pam_args_parse(argc, argv, &args, e);
	if (r)
		return r;
	o->statedir = args.statedir;
	o->policy = policy;
	opener_prefetch(o);
	r = pam_decide_policy(pamh, &args, &o->facts, policy, e);
	if (r == 0 && args.debug)
		log_decision(pamh, &o->facts, policy);
	if (r == 2)
		pam_observe(pamh, o);
	if (r == 0)
		r = open_isolated(pamh, o, e);
	opener_cancel(o);
	return r;
}

int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	static const struct facts nobody;
	AUTO_FREE struct opener *o = calloc(1, sizeof(*o));
	struct errmsg e = { .code = -ENOMEM, .text = "out of memory" };
	int r = -ENOMEM;

	(void)flags;
	if (o) {
		o->begin = now_us();
		o->conn = -1;
		o->warn = warn;
		o->pamh = pamh;
		r = open_session(pamh, argc, argv, o, &e);
	}
	if (r < 0)
		return refuse(pamh, o ? &o->facts : &nobody, o ? o->told : NULL, &e);
	return r == 0 ? PAM_SUCCESS : PAM_IGNORE;
}

/*
 * Says that the session is over and does not wait: PID 1 can't end before its outer parents have reaped.
 * With close=exit it says nothing: the supervisor sees the caller's end, and until then what the caller still
 * starts as the user (atd: what mails a job's output) finds an instance that it can run in.
 */
int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const struct session *session = find_session(pamh);
	const void *user = NULL;
	struct pam_args args = { .close_at_exit = false };
	struct errmsg ignored;
	int r = 0;

	(void)flags;
	if (!session)
		return pam_leave_close(pamh) ? PAM_SUCCESS : PAM_IGNORE;
	/* Cannot fail: what could not be parsed has refused to open. */
	(void)pam_args_parse(argc, argv, &args, &ignored);
	(void)pam_get_item(pamh, PAM_USER, &user);
	if (!args.close_at_exit)
		r = wire_send(session->conn, WIRE_LEAVE, 0, NULL, 0, NULL);
	pam_syslog(pamh, LOG_NOTICE, "session closed: user=%s id=%s instance=%s",
		   user ? (const char *)user : "-", session->id,
		   r < 0              ? "gone" :
		   args.close_at_exit ? "until-exit" :
					"told");
	(void)pam_set_data(pamh, DATA_NAME, NULL, NULL);
	return PAM_SUCCESS;
}

int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh, (void)flags, (void)argc, (void)argv;
	return PAM_IGNORE;
}

/* On an auth line for this: sshd's forked child, still root, calls it before it becomes the user. */
int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const struct session *session = find_session(pamh);
	struct pam_args args;
	struct errmsg ignored;

	(void)flags;
	/* Never by flags, which differ between callers and releases (sshd, login). */
	if (!session || !pam_child_is(session) || geteuid() != 0)
		return PAM_IGNORE;
	pam_child_finish(pamh, session);
	if (pam_args_parse(argc, argv, &args, &ignored) == 0 && args.debug)
		pam_syslog(pamh, LOG_DEBUG, "privileges given up: id=%s", session->id);
	/* This process keeps neither the connection nor its number: what it opens next may get that. */
	(void)pam_set_data(pamh, DATA_NAME, NULL, NULL);
	return PAM_IGNORE;
}
