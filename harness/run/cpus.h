/* cpus.h: which CPUs a child process may use. Threads and CPUs stay put during a measurement; which ones is recorded.
 *
 * CPUs are taken one hardware thread a core first, the core of CPU 0 last of these (it serves most interrupts), the
 * second threads of the cores after them. */
#ifndef PRONY_RUN_CPUS_H
#define PRONY_RUN_CPUS_H

#include "harness/base/error.h"
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

struct cpus {
    size_t order[CPU_SETSIZE]; /* the CPUs that this process may use, best first */
    int count;
};

/* Is it "auto", "all", "one" or a list of CPU numbers? */
bool cpus_is_valid(const char *text);
/* root is prepended to /sys/...; "" in real life. */
int cpus_detect(struct cpus *cpus, const char *root, struct error *error);
/* The set for a case: "all", "one", a list (must be allowed), or "auto": as many as the name says by threads:N, all if
 * it says nothing. */
int cpus_choose(const struct cpus *cpus, const char *setting, const char *case_name, cpu_set_t *set,
                struct error *error);
/* "0-2,5" into buffer; returns it. */
char *cpus_format(const cpu_set_t *set, char *buffer, size_t size);
/* The N of a "threads:N" component of a case name, 0 if there is none. */
int cpus_threads_of_case(const char *name);

#endif
