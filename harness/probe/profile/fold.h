/* fold.h: a recording -> weighted call stacks: who mapped what at which time, which thread was called what, every
 * sample unwound and named. */
#ifndef PRONY_PROBE_PROFILE_FOLD_H
#define PRONY_PROBE_PROFILE_FOLD_H

#include "harness/base/stacks.h"
#include <stdbool.h>

struct fold_options {
    bool merge_threads; /* no frame for the thread */
};

struct fold_facts {
    uint64_t sample_count;
    uint64_t lost_count;      /* samples that the kernel had no room for */
    uint64_t truncated_count; /* stacks whose callers end at the end of the copy */
    uint64_t unknown_count;   /* stacks that end in code without unwind information */
    uint64_t throttle_count;  /* how often the kernel slowed sampling down */
    uint64_t weight;          /* of all samples */
};

/* records: of perf_records.h, in any order. A thread's stacks begin with its name, and "#2", "#3" for others of the
 * same name in the order in which they began: a process id would make two runs look different. */
void fold_records(const void *records, size_t size_bytes, const struct fold_options *options, struct stacks *stacks,
                  struct fold_facts *facts);

#endif
