/* fuzz_perf_records.c: records as a sampler writes them, from anywhere: read, unwound, folded. */
#include "harness/probe/profile/fold.h"
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stacks *stacks = stacks_create();
    struct fold_options options = { .merge_threads = size % 2 };
    struct fold_facts facts;
    fold_records(data, size, &options, stacks, &facts);
    stacks_release(stacks);
    return 0;
}
