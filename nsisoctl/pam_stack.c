/* Reads the stack of a PAM service; see pam_stack.h. */
#include "pam_stack.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

/* In the order of their numbers (_pam_types.h). */
static const char *const codes[PAM_CODES] = {
	"success",
	"open_err",
	"symbol_err",
	"service_err",
	"system_err",
	"buf_err",
	"perm_denied",
	"auth_err",
	"cred_insufficient",
	"authinfo_unavail",
	"user_unknown",
	"maxtries",
	"new_authtok_reqd",
	"acct_expired",
	"session_err",
	"cred_unavail",
	"cred_expired",
	"cred_err",
	"no_module_data",
	"conv_err",
	"authtok_err",
	"authtok_recover_err",
	"authtok_lock_busy",
	"authtok_disable_aging",
	"try_again",
	"ignore",
	"abort",
	"authtok_expired",
	"module_unknown",
	"bad_item",
	"conv_again",
	"incomplete",
};

enum {
	CODE_SUCCESS = 0,
	CODE_SYSTEM_ERR = 4,
	CODE_PERM_DENIED = 6,
	CODE_AUTH_ERR = 7,
	CODE_SESSION_ERR = 14,
	CODE_CRED_ERR = 17,
	CODE_MODULE_UNKNOWN = 28
};

static const struct {
	const char *word, *control;
} controls[] = {
	{ "required", "success=ok new_authtok_reqd=ok ignore=ignore default=bad" },
	{ "requisite", "success=ok new_authtok_reqd=ok ignore=ignore default=die" },
	{ "sufficient", "success=done new_authtok_reqd=done default=ignore" },
	{ "optional", "success=ok new_authtok_reqd=ok default=ignore" },
};

static int action_read(const char *word)
{
	static const struct {
		const char *word;
		int action;
	} actions[] = { { "ignore", PAM_DO_IGNORE }, { "ok", PAM_DO_OK },
			{ "done", PAM_DO_DONE },     { "bad", PAM_DO_BAD },
			{ "die", PAM_DO_DIE },       { "reset", PAM_DO_RESET } };

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (strcasecmp(actions[i].word, word) == 0)
			return actions[i].action;
	/* What cannot be read makes libpam refuse. */
	return isdigit((unsigned char)*word) && *word != '0' ? (int)strtol(word, NULL, 10) :
							       PAM_DO_BAD;
}

/* "value=action ..."; what is not named is the default's, or bad. */
static void actions_read(char *text, int ret[PAM_CODES])
{
	bool is_set[PAM_CODES] = { false };
	int otherwise = PAM_DO_BAD;
	char *word;

	while ((word = doctor_word(&text))) {
		char *equals = strchr(word, '=');

		if (!equals)
			continue;
		*equals = '\0';
		if (strcasecmp(word, "default") == 0)
			otherwise = action_read(equals + 1);
		for (int i = 0; i < PAM_CODES; i++) {
			if (strcasecmp(codes[i], word) != 0)
				continue;
			ret[i] = action_read(equals + 1);
			is_set[i] = true;
		}
	}
	for (int i = 0; i < PAM_CODES; i++)
		if (!is_set[i])
			ret[i] = otherwise;
}

static void control_read(const char *control, int ret[PAM_CODES])
{
	AUTO_FREE char *text = NULL;

	for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++)
		if (strcasecmp(controls[i].word, control) == 0)
			text = strdup(controls[i].control);
	if (!text)
		text = strdup(control);
	if (text)
		actions_read(text, ret);
}

/* A word, or what stands between [ and ]. */
static char *control_word(char **at)
{
	char *end;

	*at += strspn(*at, " \t");
	if (**at != '[')
		return doctor_word(at);
	end = strchr(*at, ']');
	if (!end)
		return NULL;
	*end = '\0';
	(*at)++;
	end = *at;
	*at += strlen(*at) + 1;
	return end;
}

/* Where a reader is. */
struct reader {
	const struct doctor *d;
	const char *type;
	struct pam_stack *stack;
	unsigned in;    /* the substack */
	unsigned depth; /* of files */
};

static int file_read(struct reader *r, const char *name, const char *from, unsigned line);

static void line_free(struct pam_line *line)
{
	free(line->module);
	free(line->arguments);
	free(line->control);
	free(line->file);
}

static int line_add(struct reader *r, struct pam_line *line, const char *path, const char *control,
		    char *rest)
{
	struct pam_stack *stack = r->stack;
	struct pam_line *all = reallocarray(stack->lines, stack->n + 1, sizeof(*all));
	const char *module = doctor_word(&rest);
	const char *slash = module ? strrchr(module, '/') : NULL;

	if (!all)
		return -ENOMEM;
	stack->lines = all;
	control_read(control, line->action);
	line->stack = r->in;
	line->module = strdup(slash ? slash + 1 : module ? module : "");
	line->arguments = strdup(rest);
	line->control = strdup(control);
	line->file = strdup(path);
	all[stack->n] = *line;
	if (!line->module || !line->arguments || !line->control || !line->file) {
		line_free(line);
		return -ENOMEM;
	}
	stack->n++;
	return 0;
}

static int substack_read(struct reader *r, const char *name, const char *path, unsigned line)
{
	struct pam_stack *stack = r->stack;
	unsigned outer = r->in;
	int error;

	if (stack->n_stacks == PAM_STACKS_MAX)
		return -E2BIG;
	r->in = stack->n_stacks++;
	stack->stacks[r->in].parent = outer;
	error = file_read(r, name, path, line);
	stack->stacks[r->in].end = stack->n;
	r->in = outer;
	return error;
}

static int line_read(struct reader *r, char *text, const char *path, unsigned number)
{
	struct pam_line line = { .line = number };
	char *type = doctor_word(&text), *control;

	if (!type || *type == '#')
		return 0;
	if (strcasecmp(type, "@include") == 0) {
		type = doctor_word(&text);
		return type ? file_read(r, type, path, number) : 0;
	}
	line.is_silent = *type == '-';
	if (strcasecmp(type + line.is_silent, r->type) != 0)
		return 0;
	control = control_word(&text);
	if (!control)
		return 0;
	if (strcasecmp(control, "include") == 0 || strcasecmp(control, "substack") == 0) {
		type = doctor_word(&text);
		if (!type)
			return 0;
		return strcasecmp(control, "include") == 0 ? file_read(r, type, path, number) :
							     substack_read(r, type, path, number);
	}
	return line_add(r, &line, path, control, text);
}

char *pam_service_path(const struct doctor *d, const char *service)
{
	/* The second one is the vendor's (Linux-PAM 1.4 and later, where it is built in). */
	static const char *const folders[] = { "/etc/pam.d", "/usr/lib/pam.d" };
	char *path;

	if (*service == '/')
		return doctor_exists(d, service) ? strdup(service) : NULL;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		if (asprintf(&path, "%s/%s", folders[i], service) < 0)
			return NULL;
		if (doctor_exists(d, path))
			return path;
		free(path);
	}
	return NULL;
}

static int file_read(struct reader *r, const char *name, const char *from, unsigned line)
{
	AUTO_FREE char *path = pam_service_path(r->d, name);
	AUTO_FREE char *text = path ? doctor_read(r->d, path) : NULL;
	struct doctor_text lines = { .at = text };
	char *next;
	int error = 0;

	if (!text) {
		if (from && !r->stack->missing) {
			r->stack->missing = strdup(name);
			r->stack->missing_at = strdup(from);
			r->stack->missing_line = line;
		}
		return from ? 0 : -ENOENT;
	}
	if (r->depth == PAM_DEPTH_MAX)
		return -ELOOP;
	r->depth++;
	while (error == 0 && (next = doctor_line(&lines, true))) {
		next[strcspn(next, "#")] = '\0';
		error = line_read(r, next, path, lines.line);
	}
	r->depth--;
	return error;
}

int pam_stack_read(const struct doctor *d, const char *service, const char *type,
		   struct pam_stack *ret)
{
	struct reader r = { .d = d, .type = type, .stack = ret };
	int error;

	memset(ret, 0, sizeof(*ret));
	ret->n_stacks = 1;
	error = file_read(&r, service, NULL, 0);
	ret->stacks[0].end = ret->n;
	return error;
}

void pam_stack_done(struct pam_stack *stack)
{
	for (size_t i = 0; i < stack->n; i++)
		line_free(&stack->lines[i]);
	free(stack->lines);
	free(stack->missing);
	free(stack->missing_at);
}

/* Where a jump over so many modules ends: a substack counts as one, and nobody jumps out of it. */
static size_t jump_end(const struct pam_stack *stack, size_t from, int jump)
{
	const unsigned in = stack->lines[from].stack;
	size_t at = from + 1, end = stack->stacks[in].end;

	for (; jump > 0 && at < end; jump--) {
		unsigned inner = stack->lines[at].stack;

		if (inner == in) {
			at++;
			continue;
		}
		while (stack->stacks[inner].parent != in)
			inner = stack->stacks[inner].parent;
		at = stack->stacks[inner].end;
	}
	return at;
}

/* Two modules are known to return one thing only, and stacks are built upon it. */
static bool is_possible(const char *module, int code)
{
	if (strcmp(module, "pam_permit.so") == 0)
		return code == CODE_SUCCESS;
	if (strcmp(module, "pam_deny.so") == 0)
		return code == CODE_SESSION_ERR || code == CODE_AUTH_ERR || code == CODE_CRED_ERR;
	return true;
}

/* Where the line leads to with this return value; 0: to a refusal. */
static size_t next_of(const struct pam_stack *stack, size_t at, int code)
{
	const struct pam_line *line = &stack->lines[at];
	const int action = line->action[code];

	if (!is_possible(line->module, code))
		return 0;
	if (action > 0)
		return jump_end(stack, at, action);
	if (action == PAM_DO_DONE)
		return stack->stacks[line->stack].end;
	/* After "bad" the rest runs, and the whole is refused all the same. */
	return action == PAM_DO_DIE || action == PAM_DO_BAD ? 0 : at + 1;
}

int pam_stack_bypass(const struct pam_stack *stack, size_t line)
{
	AUTO_FREE bool *is_reached = calloc(line + 1, sizeof(*is_reached));

	if (!is_reached)
		return -1;
	is_reached[0] = true;
	for (size_t i = 0; i < line; i++) {
		for (int code = 0; is_reached[i] && code < PAM_CODES; code++) {
			size_t next = next_of(stack, i, code);

			if (next > line)
				return (int)i;
			is_reached[next] |= next != 0;
		}
	}
	return -1;
}

bool pam_line_is_required(const struct pam_line *line)
{
	static const int refusals[] = { CODE_SYSTEM_ERR, CODE_PERM_DENIED, CODE_MODULE_UNKNOWN };

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		int action = line->action[refusals[i]];

		if (action != PAM_DO_BAD && action != PAM_DO_DIE)
			return false;
	}
	return true;
}
