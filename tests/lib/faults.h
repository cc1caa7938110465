/*
 * Openings of sessions in which one system call fails: the next one in each run, until a run ends without
 * any.  Whatever fails, the session either does not open and nothing is left, or it works in full.
 */
#ifndef TESTS_FAULTS_H
#define TESTS_FAULTS_H

#include <stdbool.h>

#include "tracer.h"

/* A call whose failure may be passed over. */
struct faults_tolerated {
	const char *call;
	const char *path; /* or the descriptor's: how it begins; "" any */
};

struct faults {
	const char *name, *service;
	enum tracer_role role;
	bool restarts; /* waits are interrupted: all of it is to be tolerated */
	bool allocations; /* not system calls fail but malloc(3) and calloc(3), which may be passed over */
	bool joins; /* a session of the same user is there, and stays the only instance */
	const struct faults_tolerated *tolerated; /* ends with a NULL call */
};

/* The services "good", with a step of each kind, and "user", with a user namespace. */
void faults_policy(void);
/* Asked by a program that puts its own malloc(3) in place: whether this one fails, of this caller. */
bool faults_allocation_fails(void *caller);
/* One result for each call. */
void faults_run(const struct faults *faults);

#endif
