/* doctor.h: can numbers of this machine be trusted just now? A list of checks, each with what was seen, what that means
 * for a measurement and the command that mends it. What cannot be found out is unknown, never pass. */
#ifndef PRONY_RUN_DOCTOR_H
#define PRONY_RUN_DOCTOR_H

#include "harness/base/arena.h"
#include "harness/base/error.h"
#include "harness/store/store.h"

struct doctor_options {
    const char *root;     /* put before /proc and /sys: "" in real life, a made-up tree in tests */
    double seconds;       /* how long the checks that watch the machine may watch it; 0 = only look, do not watch */
    int threads;          /* that will be measured; 0 = as many as CPUs */
    uint64_t model_bytes; /* of the largest model; 0 = none */
};

/* Verdicts in the order people should read them, in the arena. Never fails. */
void doctor_check(const struct doctor_options *options, struct arena *arena, struct store_check **checks,
                  size_t *count);

#endif
