/* clock.h: time in nanoseconds. */
#ifndef PRONY_BASE_CLOCK_H
#define PRONY_BASE_CLOCK_H

#include <stdint.h>

int64_t clock_wall_ns(void);        /* CLOCK_MONOTONIC, for differences */
int64_t clock_thread_cpu_ns(void);  /* CPU time of the calling thread (about 0.5 us to read) */
int64_t clock_process_cpu_ns(void); /* CPU time of all threads */
int64_t clock_utc_ns(void);         /* CLOCK_REALTIME, for time stamps only */
/* "2026-11-21T08:15:30Z" into buffer (at least 32 bytes); returns it. */
char *clock_format_utc(char *buffer, int64_t utc_ns);

#endif
