/*
 * The admin's tool: a table of subcommands, and help made from it.
 */
#include "nsisoctl.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct command {
	const char *name;
	const char *arguments;
	const char *help;
	int (*run)(int argc, char **argv);
};

static int cmd_help(int argc, char **argv);

static const struct command commands[] = {
	{ "check", "[-f] [-s] [--json] [-C DIR] [--all | [-p] FILE...]",
	  "find the faults of policy files", cmd_check },
	{ "show",
	  "[-f] [-C DIR] [--service NAME] [--rhost HOST] [--explain | --plan | --steps | --diff FILE] [--json] USER",
	  "print the policy of a login, where it comes from, and what it does", cmd_show },
	{ "edit", "[-f] [-y] [-C DIR] USER | default | conf.d/NAME",
	  "change a policy in an editor; it is checked before it counts", cmd_edit },
	{ "set", "[-f] [-n] [-C DIR] USER | default | conf.d/NAME [SECTION.]KEY=VALUE...",
	  "set keys of a policy", cmd_set },
	{ "unset", "[-f] [-n] [-C DIR] USER | default | conf.d/NAME [SECTION.]KEY...",
	  "take keys out of a policy", cmd_unset },
	{ "new", "[-f] [-C DIR] [--from PRESET] USER | conf.d/NAME, or --list",
	  "make a user's policy from a preset", cmd_new },
	{ "disable", "--for TIME [--reason TEXT]", "isolate no new logins for a time",
	  cmd_disable },
	{ "enable", "", "isolate new logins again", cmd_enable },
	{ "trial",
	  "[-C DIR] [--service NAME] [--rhost HOST] [--with FILE] [--timeout SECONDS] USER [-- "
	  "COMMAND...]",
	  "build an instance as a login does, look at it, and end it", cmd_trial },
	{ "doctor", "[--json] [--root DIR]",
	  "find what on this host keeps logins from being isolated", cmd_doctor },
	{ "keys", "[SECTION]", "list the keys of a policy with their defaults", cmd_keys },
	{ "list", "[--json | --watch]", "list the instances", cmd_list },
	{ "status", "[--json] USER | ID", "print all that is known of instances", cmd_status },
	{ "ps", "USER | ID", "list the processes of instances", cmd_ps },
	{ "tree", "[USER | ID]", "show instances with their processes as trees", cmd_tree },
	{ "enter", "[-u] USER | ID [-- COMMAND [ARGUMENT...]]",
	  "run a command or a shell inside of an instance, as root or as the user", cmd_enter },
	{ "freeze", "USER", "stop all processes of a user, and refuse logins", cmd_freeze },
	{ "thaw", "USER", "let the processes of a frozen user go on", cmd_thaw },
	{ "metrics", "[--output FILE]", "print figures of all instances for monitoring",
	  cmd_metrics },
	{ "limit", "[--for TIME] USER [KEY=VALUE...]",
	  "set limits of a user who is logged in, or list them", cmd_limit },
	{ "apply", "USER | --all", "bring the limits of the policy into force", cmd_apply },
	{ "kill", "[--grace TIME] USER | ID", "end instances, in good order where that is possible",
	  cmd_kill },
	{ "gc", "", "remove what is left of instances that nobody supervises", cmd_gc },
	{ "wait", "[--timeout TIME] USER | ID", "wait until instances have ended", cmd_wait },
	{ "help", "[COMMAND]", "print this list, or how a command is called", cmd_help },
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static void command_print(const struct command *command, FILE *out)
{
	(void)fprintf(out, "usage: nsisoctl %s%s%s\n", command->name,
		      *command->arguments ? " " : "", command->arguments);
}

static void command_help(const struct command *command)
{
	command_print(command, stdout);
	(void)printf("%s\n\nSee nsisoctl(8).\n", command->help);
}

/* Behind "--" stands somebody else's command. */
static bool is_help_wanted(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0)
			return true;
	return false;
}

int usage_print(const char *name)
{
	command_print(command_find(name), stderr);
	return STATUS_USAGE;
}

static void help_print(FILE *out)
{
	(void)fputs("usage: nsisoctl COMMAND [ARGUMENT...]\n\n", out);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		(void)fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].help);
	(void)fputs("\nSee nsisoctl(8) and nsiso.conf(5).\n", out);
}

static int command_unknown(const char *name)
{
	(void)fprintf(stderr, "nsisoctl: unknown command '%s'; see nsisoctl help\n", name);
	return STATUS_USAGE;
}

static int cmd_help(int argc, char **argv)
{
	const struct command *command;

	if (argc > 2)
		return usage_print("help");
	if (argc < 2) {
		help_print(stdout);
		return STATUS_OK;
	}
	command = command_find(argv[1]);
	if (!command)
		return command_unknown(argv[1]);
	command_help(command);
	return STATUS_OK;
}

int main(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2) {
		help_print(stderr);
		return STATUS_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		(void)puts("nsisoctl " NSISO_VERSION);
		return STATUS_OK;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		help_print(stdout);
		return STATUS_OK;
	}
	command = command_find(argv[1]);
	if (!command)
		return command_unknown(argv[1]);
	if (is_help_wanted(argc - 1, argv + 1)) {
		command_help(command);
		return STATUS_OK;
	}
	return command->run(argc - 1, argv + 1);
}
