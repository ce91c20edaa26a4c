/* allocations.h: files of --prony_allocation_profile -> call stacks. */
#ifndef PRONY_PROBE_PROFILE_ALLOCATIONS_H
#define PRONY_PROBE_PROFILE_ALLOCATIONS_H

#include "harness/base/error.h"
#include "harness/base/stacks.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What one case allocated in its loop. Weights of the stacks are bytes, estimates from the samples (probe_recording.h):
 * allocated in the run (sample_count), and living at its end (living_count of those). */
struct allocations {
    char *name;                                   /* of the case */
    uint64_t operations, allocation_count, bytes; /* of the run, exact */
    uint64_t interval_bytes, sample_count, living_count, lost_count, truncated_count;
    struct stacks *allocated, *living;
};

/* Whether the file begins as one of these does. */
bool allocations_is_file(const char *path);
/* One for each case of the file; nothing of it if anything in it is wrong. *list: allocations_release. */
int allocations_read(const char *path, struct allocations **list, size_t *count, struct error *error);
void allocations_release(struct allocations *list, size_t count);

#endif
