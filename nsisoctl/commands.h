/* The table of subcommands: help, completions and the manual page's test are made from it. */
#ifndef NSISO_COMMANDS_H
#define NSISO_COMMANDS_H

#include <stddef.h>

struct command_option {
	const char *name; /* as in the usage: "-C DIR"; NULL: the last one */
	const char *help;
};

struct command {
	const char *name;
	const char *arguments;
	const char *help;
	int (*run)(int argc, char **argv);
	const struct command_option *options; /* NULL: none */
};

extern const struct command commands[];
extern const size_t command_count;

/* NULL: there is none. */
const struct command *command_find(const char *name);

#endif
