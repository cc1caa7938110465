/*
 * Names and limits that all parts share.  The paths come from the Makefile (-DNSISO_...).
 */
#ifndef NSISO_NSISO_H
#define NSISO_NSISO_H

#if !defined(NSISO_CONFDIR) || !defined(NSISO_RUNDIR) || !defined(NSISO_LIBEXECDIR)
#error "NSISO_CONFDIR, NSISO_RUNDIR and NSISO_LIBEXECDIR come from the Makefile"
#endif

#define NSISO_INIT_PATH NSISO_LIBEXECDIR "/nsshell-init"   /* image of supervisor and init */
#define NSISO_SCOPE_PATH NSISO_LIBEXECDIR "/nsshell-scope" /* talks to systemd for the supervisor */
#define NSISO_ACCOUNT "nsiso"                              /* the account that PID 1 runs as */

#define NSISO_USER_MAX 33  /* bytes of a user name with the NUL (useradd(8): 32 characters) */
#define NSISO_ID_MAX 17    /* bytes of an instance id with the NUL */
#define NSISO_PATH_MAX 256 /* bytes of a path in a policy with the NUL */

#endif
