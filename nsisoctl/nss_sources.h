/*
 * Where the account databases come from.
 */
#ifndef NSISO_NSS_SOURCES_H
#define NSISO_NSS_SOURCES_H

#include <stdbool.h>

/* Whether nsswitch.conf(5) has nothing but local files for that database, so that lists of it are complete. */
bool nss_is_local(const char *database);

#endif
