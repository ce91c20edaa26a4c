/* callgrind.h: exact counts of a case without a PMU: it runs once under valgrind, which counts only inside the timed
 * loop (client requests of libbenchmark), with fixed cache geometry, no address randomization and a clean environment,
 * so that a single-threaded case counts the same every time.
 *
 * valgrind hides instruction sets that it cannot execute, so a program that dispatches runs another kernel than
 * natively: result.variant says which. */
#ifndef PRONY_RUN_CALLGRIND_H
#define PRONY_RUN_CALLGRIND_H

#include "harness/base/arena.h"
#include "harness/base/error.h"
#include "harness/store/store.h"

struct callgrind_request {
    const char *const *arguments;   /* the program and its own arguments, NULL ends the list */
    const char *const *environment; /* "NAME=value": only these and what the program cannot run without; or NULL */
    const char *name;               /* the case */
    double timeout_s;               /* 0 = 120 s */
    int interrupt_fd;               /* -1 = none */
};

struct callgrind_result {
    bool counted; /* false: reason says why not (no valgrind, several threads, too slow, ...) */
    bool interrupted;
    const char *reason, *remedy;  /* remedy may be NULL */
    const char *variant;          /* kernels that really ran, as the program tells; NULL = it does not */
    struct store_metric *metrics; /* an iteration: callgrind_instructions, callgrind_branches, ... */
    size_t metric_count;
    double wall_s;
};

/* Never fails for what the program or valgrind does: that is counted = false with its reason. Results live in the
 * arena. */
int callgrind_measure(const struct callgrind_request *request, struct arena *arena, struct callgrind_result *result,
                      struct error *error);

#endif
