/* The arguments on the module's PAM line; see pam_args.h. */
#include "pam_args.h"

#include <errno.h>
#include <string.h>

#include "errmsg.h"
#include "nsiso.h"

static bool is_folder(const char *argument, const char *key, const char **ret)
{
	size_t len = strlen(key);

	if (strncmp(argument, key, len) != 0 || argument[len] != '/')
		return false;
	*ret = argument + len;
	return true;
}

int pam_args_parse(int argc, const char **argv, struct pam_args *ret, struct errmsg *e)
{
	int i;

	*ret = (struct pam_args){ .confdir = NSISO_CONFDIR, .statedir = NSISO_RUNDIR };
	for (i = 0; i < argc; i++) {
		if (strcmp(argv[i], "debug") == 0)
			ret->debug = true;
		else if (strcmp(argv[i], "close=exit") == 0)
			ret->close_at_exit = true;
		else if (!is_folder(argv[i], "confdir=", &ret->confdir) &&
			 !is_folder(argv[i], "statedir=", &ret->statedir))
			return errmsg_setx(e, -EINVAL, "unknown or unusable module argument '%s'",
					   argv[i]);
	}
	return 0;
}
