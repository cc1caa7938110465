/* The table of subcommands; see commands.h. */
#include "commands.h"

#include <string.h>

#include "nsisoctl.h"

/* clang-format off */
#define OPTIONS(...) (const struct command_option[]) { __VA_ARGS__, { NULL, NULL } }
/* clang-format on */

#define OPTION_ANY_OWNER                                                 \
	{                                                                \
		"-f", "take files and directories of any owner and mode" \
	}
#define OPTION_CONFDIR                                                      \
	{                                                                   \
		"-C DIR", "the policy directory, instead of " NSISO_CONFDIR \
	}
#define OPTION_SERVICE                                                              \
	{                                                                           \
		"--service NAME", "the PAM service of the login; sshd if not given" \
	}
#define OPTION_RHOST                                           \
	{                                                      \
		"--rhost HOST", "the remote host of the login" \
	}

const struct command commands[] = {
	{ "check", "[-f] [-s] [--json] [-C DIR] [--all | [-p] FILE...]",
	  "find the faults of policy files", cmd_check,
	  OPTIONS(OPTION_ANY_OWNER, OPTION_CONFDIR, { "-s, --strict", "warnings count as faults" },
		  { "-p", "print the policy that each file without a fault comes to" },
		  { "--all", "check the whole policy directory; so it is without a FILE, too" },
		  { "--json", "print the faults as JSON" }) },
	{ "show",
	  "[-f] [-C DIR] [--service NAME] [--rhost HOST] [--explain | --plan | --steps | --diff FILE] [--json] USER",
	  "print the policy of a login, where it comes from, and what it does", cmd_show,
	  OPTIONS(OPTION_ANY_OWNER, OPTION_CONFDIR, OPTION_SERVICE, OPTION_RHOST,
		  { "--explain", "say which file and line each key comes from" },
		  { "--plan", "print what the login does, in sentences" },
		  { "--steps", "the same as short lines for programs" },
		  { "--diff FILE", "print what a draft would change" },
		  { "--json", "print it as JSON" }) },
	{ "edit", "[-f] [-y] [-C DIR] USER | default | conf.d/NAME",
	  "change a policy in an editor; it is checked before it counts", cmd_edit,
	  OPTIONS(OPTION_ANY_OWNER, OPTION_CONFDIR,
		  { "-y, --yes", "install a policy without a fault without asking" }) },
	{ "set", "[-f] [-n] [-C DIR] USER | default | conf.d/NAME [SECTION.]KEY=VALUE...",
	  "set keys of a policy", cmd_set,
	  OPTIONS(OPTION_ANY_OWNER, OPTION_CONFDIR,
		  { "-n, --dry-run", "print the effect alone" }) },
	{ "unset", "[-f] [-n] [-C DIR] USER | default | conf.d/NAME [SECTION.]KEY...",
	  "take keys out of a policy", cmd_unset,
	  OPTIONS(OPTION_ANY_OWNER, OPTION_CONFDIR,
		  { "-n, --dry-run", "print the effect alone" }) },
	{ "new", "[-f] [-C DIR] [--from PRESET] USER | conf.d/NAME, or --list",
	  "make a user's policy from a preset", cmd_new,
	  OPTIONS(OPTION_ANY_OWNER, OPTION_CONFDIR,
		  { "--from PRESET", "a preset's name or path; pubnix if not given" },
		  { "--list", "list the presets" }) },
	{ "disable", "--for TIME [--reason TEXT]", "isolate no new logins for a time", cmd_disable,
	  OPTIONS({ "--for TIME", "how long: a number with s, m or h; a week at most" },
		  { "--reason TEXT", "what is logged with it" }) },
	{ "enable", "", "isolate new logins again", cmd_enable, NULL },
	{ "trial",
	  "[-C DIR] [--service NAME] [--rhost HOST] [--with FILE] [--timeout SECONDS] USER [-- "
	  "COMMAND...]",
	  "build an instance as a login does, look at it, and end it", cmd_trial,
	  OPTIONS(OPTION_CONFDIR, OPTION_SERVICE, OPTION_RHOST,
		  { "--with FILE", "try this file in place of the user's own" },
		  { "--timeout SECONDS", "end it after that time; 60 if not given" }) },
	{ "doctor", "[--json] [--root DIR]",
	  "find what on this host keeps logins from being isolated", cmd_doctor,
	  OPTIONS({ "--json", "print facts and findings as JSON" },
		  { "--root DIR", "look at the files below DIR, and not at what runs" }) },
	{ "keys", "[SECTION]", "list the keys of a policy with their defaults", cmd_keys, NULL },
	{ "list", "[--json | --watch]", "list the instances", cmd_list,
	  OPTIONS({ "--json", "print them as JSON" },
		  { "--watch", "show the list anew each second, until q is typed" }) },
	{ "status", "[--json] USER | ID", "print all that is known of instances", cmd_status,
	  OPTIONS({ "--json", "print it as JSON" }) },
	{ "top", "[-d DELAY] [-n COUNT] [--sort ORDER] [--batch]",
	  "show again and again what users use at the moment", cmd_top,
	  OPTIONS({ "-d DELAY", "the time between two looks; 1s if not given" },
		  { "-n COUNT", "show that many tables" },
		  { "--sort ORDER", "cpu, memory, pids, io or user; cpu if not given" },
		  { "--batch", "print the tables below each other, for programs" }) },
	{ "ps", "USER | ID", "list the processes of instances", cmd_ps, NULL },
	{ "tree", "[USER | ID]", "show instances with their processes as trees", cmd_tree, NULL },
	{ "enter", "[-u] USER | ID [-- COMMAND [ARGUMENT...]]",
	  "run a command or a shell inside of an instance, as root or as the user", cmd_enter,
	  OPTIONS({ "-u", "as the user" }) },
	{ "freeze", "USER", "stop all processes of a user, and refuse logins", cmd_freeze, NULL },
	{ "thaw", "USER", "let the processes of a frozen user go on", cmd_thaw, NULL },
	{ "metrics", "[--output FILE]", "print figures of all instances for monitoring",
	  cmd_metrics, OPTIONS({ "--output FILE", "replace this file by them" }) },
	{ "limit", "[--for TIME] USER [KEY=VALUE...]",
	  "set limits of a user who is logged in, or list them", cmd_limit,
	  OPTIONS({ "--for TIME", "how long; until the user's last instance ends if not given" }) },
	{ "apply", "USER | --all", "bring the limits of the policy into force", cmd_apply,
	  OPTIONS({ "--all", "for all users who are logged in" }) },
	{ "kill", "[--grace TIME] USER | ID", "end instances, in good order where that is possible",
	  cmd_kill,
	  OPTIONS({ "--grace TIME", "between SIGTERM and SIGKILL; the policy's if not given" }) },
	{ "gc", "", "remove what is left of instances that nobody supervises", cmd_gc, NULL },
	{ "wait", "[--timeout TIME] USER | ID", "wait until instances have ended", cmd_wait,
	  OPTIONS({ "--timeout TIME", "give up after that time" }) },
	{ "help", "[COMMAND]", "print this list, or how a command is called", cmd_help, NULL },
};

const size_t command_count = sizeof(commands) / sizeof(commands[0]);

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < command_count; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}
