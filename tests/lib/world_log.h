/* The /dev/log of a world, read by a process of its own: a full queue would stop who writes to it. */
#ifndef TESTS_WORLD_LOG_H
#define TESTS_WORLD_LOG_H

void world_log_start(void);

#endif
