/* All that is known of one instance, as text, apart from where it comes from and goes to. */
#ifndef NSISO_DETAIL_H
#define NSISO_DETAIL_H

#include <stdio.h>
#include <time.h>

#include "cgroup_use.h"
#include "instance_ask.h"
#include "limits_live.h"
#include "namespaces.h"
#include "policy_keys.h"
#include "status.h"
#include "table.h"
#include "view.h"

struct json;

struct detail {
	const struct view *view;
	struct cgroup_use use;                /* of the user */
	struct instance_state *state;         /* NULL: its supervisor did not answer */
	uint64_t namespaces[NAMESPACE_KINDS]; /* inode numbers; 0: not known */
	char files[512];                      /* of the policy */
	char ended[512];                      /* what the record says of its end; empty: nothing */
	bool differs[ROW_COUNT];              /* keys of the policy, where that is stale */
	const struct limits_live *limits;     /* of the user; NULL: none */
	uint64_t boottime;                    /* limits_live_now() */
	struct status_event kill, refusal;    /* the last of their kind */
};

void detail_print(const struct detail *detail, time_t now, const struct table_look *look,
		  FILE *out);
/* One object of the array that is being written. */
void detail_print_json(const struct detail *detail, struct json *json);

#endif
