/*
 * The admin's tool: help from the table of subcommands, and the call of one.
 */
#include "nsisoctl.h"
#include "commands.h"
#include "progress.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void command_print(const struct command *command, FILE *out)
{
	(void)fprintf(out, "usage: nsisoctl %s%s%s\n", command->name,
		      *command->arguments ? " " : "", command->arguments);
}

static void command_help(const struct command *command)
{
	const struct command_option *option = command->options;

	command_print(command, stdout);
	(void)printf("%s\n", command->help);
	if (option)
		(void)putchar('\n');
	for (; option && option->name; option++)
		(void)printf("  %-18s %s\n", option->name, option->help);
	(void)fputs("\nSee nsisoctl(8).\n", stdout);
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
	for (size_t i = 0; i < command_count; i++)
		(void)fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].help);
	(void)fputs("\nSee nsisoctl(8) and nsiso.conf(5).\n", out);
}

static int command_unknown(const char *name)
{
	(void)fprintf(stderr, "nsisoctl: unknown command '%s'; see nsisoctl help\n", name);
	return STATUS_USAGE;
}

int cmd_help(int argc, char **argv)
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

/* What is shown on a terminal of a command that may take longer than a second; NULL: nothing. */
static const char *progress_text(const char *name)
{
	static const struct {
		const char *name, *text;
	} slow[] = { { "check", "checking" },
		     { "apply", "applying" },
		     { "kill", "ending" },
		     { "gc", "removing" },
		     { "wait", "waiting" } };

	for (size_t i = 0; i < sizeof(slow) / sizeof(slow[0]); i++)
		if (strcmp(name, slow[i].name) == 0)
			return slow[i].text;
	return NULL;
}

static int command_run(const struct command *command, int argc, char **argv)
{
	const char *text = progress_text(command->name);
	struct progress progress;
	int status;

	if (!text)
		return command->run(argc, argv);
	progress = progress_begin(text);
	status = command->run(argc, argv);
	progress_end(&progress);
	return status;
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
	return command_run(command, argc - 1, argv + 1);
}
