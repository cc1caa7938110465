/*
 * The value of io.max: "PATH rbps=SIZE wbps=SIZE riops=N wiops=N, PATH ...", rates being optional, as a list
 * of devices.
 */
#ifndef NSISO_POLICY_DEVICES_H
#define NSISO_POLICY_DEVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct errmsg;
struct policy_list;

/* 0, or -EINVAL with a sentence and *at, the place in text; then *ret is untouched. */
int policy_devices_read(const char *text, struct policy_list *ret, size_t *at, struct errmsg *e);
/* As policy_devices_read() takes it. */
void policy_devices_write(const struct policy_list *list, FILE *out);
/* The device behind *at with all four rates, "max" or a plain number, in the kernel's order. */
bool policy_devices_next(const struct policy_list *list, size_t *at, char *ret, size_t size);

#endif
