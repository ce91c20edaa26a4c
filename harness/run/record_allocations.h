/* record_allocations.h: which call stacks of a case allocate, and how much. The case runs once more in a process of its
 * own, whose libbenchmark samples the allocations (--prony_allocation_profile, asked for through the environment). */
#ifndef PRONY_RUN_RECORD_ALLOCATIONS_H
#define PRONY_RUN_RECORD_ALLOCATIONS_H

#include "harness/probe/profile/allocations.h"
#include "harness/run/runner.h"

/* interval_bytes: one sample in so many bytes; 0 = what fits. *allocations: allocations_release(…, 1); NULL if it was
 * interrupted. Fails where the suite is not one of ours, does not count allocations, or fails itself. */
int record_allocations(struct runner *runner, struct runner_suite *suite, size_t case_index, int interval_bytes,
                       struct allocations **allocations, struct error *error);
/* What goes with allocations->allocated (event "malloc"), or with ->living ("malloc, not freed"). Texts lie in the
 * arena.
 */
struct store_profile record_allocations_describe(const struct allocations *allocations, bool living, const char *suite,
                                                 struct arena *arena);

#endif
