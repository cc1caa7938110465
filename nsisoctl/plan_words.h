/*
 * A plan in sentences, for admins.
 */
#ifndef NSISO_PLAN_WORDS_H
#define NSISO_PLAN_WORDS_H

#include <stdio.h>

#include "plan.h"

#define PLAN_WORDS_MAX 1024 /* bytes of a sentence; longer ones are cut */

/* What the step does, without the one who does it: "makes the control group /nsiso/alice/ID"; returns ret. */
const char *plan_words(const struct plan *plan, const struct step *step, char ret[PLAN_WORDS_MAX]);
/* All of it, with a heading for each change of actor. */
void plan_words_print(const struct plan *plan, FILE *out);

#endif
