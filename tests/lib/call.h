/* A program that opens sessions through the real libpam, with the module under test as its only module. */
#ifndef TESTS_CALL_H
#define TESTS_CALL_H

#include <security/pam_appl.h>

struct call {
	pam_handle_t *pamh;
	int lines;      /* that the conversation was given */
	char text[512]; /* the last of them */
};

/* Writes the PAM service NAME with these arguments for the module. */
void call_service(const char *name, const char *arguments);
/* The service "good", whose policy isolates everybody and limits nothing. */
void call_good_service(void);
/* Runs in a process of its own, whose exit status is the result; -SIGNAL when it was killed. */
int call_in_child(int (*run)(void));
/* pam_start_confdir(3); ends the process when that fails. */
void call_start(struct call *call, const char *service, const char *user);
/* The module's own code: PAM_IGNORE is told apart from PAM_SUCCESS. */
int call_open(struct call *call);
int call_close(struct call *call);
int call_authenticate(struct call *call);
int call_setcred(struct call *call);
void call_end(struct call *call);
/* All in one for a session that is not to be opened; *ret gets the conversation. */
int call_try(struct call *ret, const char *service, const char *user);

#endif
