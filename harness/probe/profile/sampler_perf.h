/* sampler_perf.h: samples of another process and all that it starts, taken by the kernel (perf_event_open).
 *
 * One event a CPU, inherited by threads and children, switched on when the process executes its program. A thread of
 * ours moves the samples from the kernel's rings into a file while the program runs. */
#ifndef PRONY_PROBE_PROFILE_SAMPLER_PERF_H
#define PRONY_PROBE_PROFILE_SAMPLER_PERF_H

#include "harness/base/error.h"
#include "harness/probe/profile/recording.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct sampler_options {
    int frequency_hz;
    size_t stack_bytes; /* of each sample's copy of the stack: a multiple of 8, at most SAMPLER_STACK_LIMIT */
    bool no_kernel;     /* samples of user space only */
};

enum { SAMPLER_STACK_DEFAULT = 16384, SAMPLER_STACK_LIMIT = 32768, SAMPLER_FREQUENCY_DEFAULT = 499 };

/* What will be, or was, sampled. */
struct sampler_event {
    const char *name, *unit; /* "cycles", "cycles"; "cpu-clock", "ns" */
    uint32_t type;
    uint64_t config;
    bool kernel; /* time in the kernel is sampled too */
};

/* Tries what the kernel allows this process: 0, or ERROR_UNSUPPORTED with the reason. ERROR_USAGE: a frequency above
 * kernel.perf_event_max_sample_rate. */
int sampler_perf_probe(const struct sampler_options *options, struct sampler_event *event, struct error *error);

struct sampler_perf;
/* For a process that has not executed its program yet. */
int sampler_perf_open(struct sampler_perf **sampler, pid_t process, const struct sampler_options *options,
                      const struct sampler_event *event, struct error *error);
/* Ends sampling; the recording is mapped and the caller's. Releases the sampler, also on failure. recording NULL:
 * nobody wants it. */
int sampler_perf_close(struct sampler_perf *sampler, struct recording *recording, struct error *error);

#endif
