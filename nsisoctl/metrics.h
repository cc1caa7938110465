/* Figures of all instances as OpenMetrics text, apart from where they come from and go to. */
#ifndef NSISO_METRICS_H
#define NSISO_METRICS_H

#include <stdio.h>

#include "cgroup_use.h"
#include "view.h"

/*
 * Writes the text; use has the figures of each view's user, by the index of the view.  Families whose figures
 * nobody knows are left out, as node_exporter's textfile collector wants it.
 */
void metrics_print(const struct views *views, const struct cgroup_use *use, FILE *out);

#endif
