/* schedule.h: which process measures which cases, in what order.
 *
 * Every round measures every case of a suite once, in a fresh random order over all suites. The order depends on the
 * seed, the round and the list of cases only, so a recorded seed repeats it. Interleaving spreads slow changes of the
 * machine (heat, neighbours) over all cases instead of loading them onto some. */
#ifndef PRONY_RUN_SCHEDULE_H
#define PRONY_RUN_SCHEDULE_H

#include "harness/base/arena.h"
#include "harness/run/cpus.h"
#include <stdint.h>

/* What a schedule is made from: one entry a section of the plan. */
struct schedule_suite {
    const char *const *cases;
    const cpu_set_t *cpus; /* of each case; only cases with the same CPUs share a process */
    size_t case_count;
    int rounds;
    int group; /* cases a process, at most */
};

/* One process. */
struct schedule_unit {
    size_t suite;        /* index into the suites */
    const size_t *cases; /* indices into the suite's cases */
    size_t case_count;
};

/* The units of one round, in order; everything in the arena. */
void schedule_round(const struct schedule_suite *suites, size_t suite_count, uint64_t seed, int round,
                    struct arena *arena, struct schedule_unit **units, size_t *count);

#endif
