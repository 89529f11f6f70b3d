// SPDX-License-Identifier: BSD-2-Clause
/* starting: see starting.h. */
#define _GNU_SOURCE
#include "starting.h"

#include <errno.h>
#include <time.h>

#include "common/log.h"

void starting__wait(uint64_t every, const volatile sig_atomic_t *stop)
{
	struct timespec now, until = { 0 };

	clock_gettime(CLOCK_REALTIME, &now);
	until.tv_sec = (time_t)(((uint64_t)now.tv_sec / every + 1) * every);
	log_info("waiting %.3f seconds for the time to start at",
		 (double)(until.tv_sec - now.tv_sec) - (double)now.tv_nsec / 1e9);
	/* Also if the clock is set meanwhile. */
	while (!*stop && clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}
