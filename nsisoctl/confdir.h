/*
 * What subcommands that read policies share: names of folders, and the lines about faults.
 */
#ifndef NSISO_CONFDIR_H
#define NSISO_CONFDIR_H

#include "fault_printer.h"

/* path with the current folder before it when it is relative; for free().  NULL: errno. */
char *path_absolute(const char *path);

#endif
