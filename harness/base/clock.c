/* clock.c: see clock.h. */
#include "harness/base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t read_clock(clockid_t clock)
{
    struct timespec now = { 0, 0 };
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t clock_wall_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_thread_cpu_ns(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

int64_t clock_process_cpu_ns(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

int64_t clock_utc_ns(void)
{
    return read_clock(CLOCK_REALTIME);
}

char *clock_format_utc(char *buffer, int64_t utc_ns)
{
    time_t seconds = (time_t)(utc_ns / 1000000000);
    struct tm broken_down;
    gmtime_r(&seconds, &broken_down);
    strftime(buffer, 32, "%Y-%m-%dT%H:%M:%SZ", &broken_down);
    return buffer;
}
