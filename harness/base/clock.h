/* clock.h: time in nanoseconds. */
#ifndef PRONY_BASE_CLOCK_H
#define PRONY_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

int64_t clock_wall_ns(void);        /* CLOCK_MONOTONIC, for differences */
int64_t clock_thread_cpu_ns(void);  /* CPU time of the calling thread (about 0.5 us to read) */
int64_t clock_process_cpu_ns(void); /* CPU time of all threads */
int64_t clock_utc_ns(void);         /* CLOCK_REALTIME, for time stamps only */

/* The time stamp counter, where it is a clock: one rate in every power state (CPUID: invariant) and in step on all CPUs
 * (the kernel, which checks that, keeps time by it). About 20 ns to read, in the order of the program: what stands
 * before has been executed, what stands after has not begun. Stores may still be on their way to memory. */
bool clock_tsc_available(void);
uint64_t clock_tsc(void); /* ticks; 0 where unavailable */
/* Nanoseconds a tick, from window_ns of looking at both clocks (good to about 50 ns / window_ns). 0 = unavailable. */
double clock_tsc_calibrate(int64_t window_ns);

/* "2026-11-21T08:15:30Z" into buffer (at least 32 bytes); returns it. */
char *clock_format_utc(char *buffer, int64_t utc_ns);

#endif
