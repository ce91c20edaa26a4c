/* record.h: one command run under the sampling profiler: a watched child process, and what it was doing as call stacks.
 *
 * The samples come from the kernel (perf_event_open); where it does not allow that, from a timer inside the program
 * (libprony_sampler.so by LD_PRELOAD), which cannot look into statically linked programs. */
#ifndef PRONY_RUN_RECORD_H
#define PRONY_RUN_RECORD_H

#include "harness/base/stacks.h"
#include "harness/run/child.h"

enum record_sampler { RECORD_AUTO, RECORD_PERF, RECORD_TIMER };

struct record_request {
    const char *const *arguments;   /* as child.h */
    const char *const *environment; /* as child.h */
    const char *directory;          /* as child.h */
    const cpu_set_t *cpus;
    double timeout_s;
    int interrupt_fd;
    bool keeps_streams; /* else the output is captured, in the child's result */
    enum record_sampler sampler;
    int frequency_hz;   /* of samples a second of CPU time; 0 = 499 */
    size_t stack_bytes; /* of a sample; 0 = 16 KiB */
    bool no_kernel;     /* no time in the kernel */
    bool merge_threads;
};

struct record_info {
    const char *event, *unit; /* "cpu-clock", "ns" */
    double frequency_hz;
    int64_t duration_ns;
    uint64_t sample_count, lost_count, truncated_count;
    uint64_t weight; /* of all samples, in unit */
    char note[512];  /* what the reader must know; "" = nothing */
};

/* Fails when the program could not be started or nothing can be sampled. A program that fails, crashes or is stopped is
 * profiled all the same: *result says how it ended, to be released by child_release also after an error. No samples at
 * all are no error here. *stacks: stacks_release. */
int record_profile(const struct record_request *request, struct stacks **stacks, struct record_info *info,
                   struct child_result *result, struct error *error);

#endif
