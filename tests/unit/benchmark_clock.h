/* benchmark_clock.h: a clock that stands still unless told, in place of harness/base/clock.c, so that what the library
 * does with time is exact. Every thread has clocks of its own, so times do not depend on who runs first. Include it in
 * one file of a program: it defines all functions of clock.h. */
#ifndef PRONY_TESTS_BENCHMARK_CLOCK_H
#define PRONY_TESTS_BENCHMARK_CLOCK_H

#include "harness/base/clock.h"
#include <string.h>

static _Thread_local struct {
    int64_t wall_ns, thread_ns, process_ns;
    int64_t read_ns; /* what reading a clock of CPU time takes, on all clocks: half before and half after the moment */
    bool has_tsc;    /* two ticks a nanosecond */
} fake;

static inline void pass_time(int64_t wall_ns, int64_t thread_ns, int64_t process_ns)
{
    fake.wall_ns += wall_ns;
    fake.thread_ns += thread_ns;
    fake.process_ns += process_ns;
}

int64_t clock_wall_ns(void)
{
    return fake.wall_ns;
}

static inline int64_t read_slowly(const int64_t *clock_ns)
{
    pass_time(fake.read_ns / 2, fake.read_ns / 2, fake.read_ns / 2);
    int64_t now_ns = *clock_ns;
    pass_time(fake.read_ns / 2, fake.read_ns / 2, fake.read_ns / 2);
    return now_ns;
}

int64_t clock_thread_cpu_ns(void)
{
    return read_slowly(&fake.thread_ns);
}

int64_t clock_process_cpu_ns(void)
{
    return read_slowly(&fake.process_ns);
}

bool clock_tsc_available(void)
{
    return fake.has_tsc;
}

uint64_t clock_tsc(void)
{
    return fake.has_tsc ? 2 * (uint64_t)fake.wall_ns : 0;
}

double clock_tsc_calibrate(int64_t window_ns)
{
    (void)window_ns;
    return fake.has_tsc ? 0.5 : 0;
}

int64_t clock_utc_ns(void)
{
    return fake.wall_ns;
}

char *clock_format_utc(char *buffer, int64_t utc_ns)
{
    (void)utc_ns;
    return strcpy(buffer, "1970-01-01T00:00:00Z");
}

#endif
