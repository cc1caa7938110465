/*
 * iniparser, fed with a text that was read and checked before.
 */
#ifndef NSISO_POLICY_INI_H
#define NSISO_POLICY_INI_H

#include <stddef.h>

#include <iniparser/iniparser.h>

/* What iniparser makes of the text of a policy file; NULL: it cannot.  Silent. */
dictionary *policy_ini_load(const char *text, size_t len);
/* For AUTO_POLICY_INI. */
void policy_ini_free(dictionary **dict);

#define AUTO_POLICY_INI __attribute__((cleanup(policy_ini_free)))

#endif
