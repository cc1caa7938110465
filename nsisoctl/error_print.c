/* What all subcommands say when their work could not be done. */
#include <stdio.h>

#include "errmsg.h"
#include "nsisoctl.h"

int error_print(const struct errmsg *e)
{
	(void)fprintf(stderr, "nsisoctl: %s\n", e->text);
	return STATUS_FAULT;
}
