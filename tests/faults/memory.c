/*
 * Every allocation of memory that the module makes for an opening fails once: the login is refused and
 * nothing is left, or the session works.  As root, in a world of its own.
 */
#include <errno.h>
#include <stddef.h>

#include "faults.h"
#include "tap.h"
#include "world.h"

#if defined(__SANITIZE_ADDRESS__)
#define OWN_MALLOC 0
#elif defined(__has_feature)
#define OWN_MALLOC !__has_feature(address_sanitizer)
#else
#define OWN_MALLOC 1
#endif

#if OWN_MALLOC && defined(__GLIBC__)
#define VISIBLE __attribute__((visibility("default")))

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
VISIBLE void *malloc(size_t size);
VISIBLE void *calloc(size_t n, size_t size);

void *malloc(size_t size)
{
	if (!faults_allocation_fails(__builtin_return_address(0)))
		return __libc_malloc(size);
	errno = ENOMEM;
	return NULL;
}

void *calloc(size_t n, size_t size)
{
	if (!faults_allocation_fails(__builtin_return_address(0)))
		return __libc_calloc(n, size);
	errno = ENOMEM;
	return NULL;
}
#define CAN_FAIL 1
#else
#define CAN_FAIL 0
#endif

static int run(void)
{
	if (!CAN_FAIL)
		tap_skip_all("the C library's malloc cannot be replaced in this build");
	faults_policy();
	faults_run(&(struct faults){ .name = "memory", .service = "good", .allocations = true });
	return 0;
}

int main(void)
{
	return world_run(run);
}
