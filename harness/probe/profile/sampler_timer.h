/* sampler_timer.h: samples without perf_event_open: a library in the program (harness/probe/preload) samples each of
 * its threads by a timer of the thread's CPU time, and appends to the recording. */
#ifndef PRONY_PROBE_PROFILE_SAMPLER_TIMER_H
#define PRONY_PROBE_PROFILE_SAMPLER_TIMER_H

#include "harness/base/error.h"
#include "harness/probe/profile/sampler_perf.h"

/* Whether a program can be sampled so: the library is there, and the program is linked dynamically. A program that is
 * not found is none of our business: 0. */
int sampler_timer_check(const char *program, struct error *error);
/* environment ("NAME=value", NULL-terminated; may be NULL) with what the library needs to know; released by
 * sampler_timer_free. fd is read by the program through /proc while we hold it. */
int sampler_timer_environment(const struct sampler_options *options, int fd, const char *const *environment,
                              char ***result, struct error *error);
void sampler_timer_free(char **environment);
/* The kernel's own ticks: CPU timers do not run faster. 0 = unknown. */
double sampler_timer_limit_hz(void);

#endif
