/* callgrind.h: exact counts of a case without a PMU: it runs once under valgrind, which counts only inside the timed
 * loop (client requests of libbenchmark), with fixed cache geometry, no address randomization and a clean environment,
 * so that a single-threaded case counts the same every time.
 *
 * valgrind hides instruction sets that it cannot execute, so a program that dispatches runs another kernel than
 * natively: result.variant says which, and so does the reason of every metric, although its state is ok: the number is
 * exact for what ran. */
#ifndef PRONY_RUN_CALLGRIND_H
#define PRONY_RUN_CALLGRIND_H

#include "harness/base/arena.h"
#include "harness/base/error.h"
#include "harness/store/store.h"

struct callgrind_request {
    const char *const *arguments;   /* the program and its own arguments, NULL ends the list */
    const char *const *environment; /* "NAME=value": only these and what the program cannot run without; or NULL */
    const char *directory;          /* where it runs; NULL = here */
    const char *name;               /* the case */
    double timeout_s;               /* 0 = 120 s */
    double native_iteration_ns;     /* 0 = not known. A case that cannot be done in time is refused beforehand */
    int interrupt_fd;               /* -1 = none */
};

struct callgrind_result {
    bool counted; /* false: reason says why not (no valgrind, several threads, too slow, ...) */
    bool interrupted;
    bool unmarked;                /* why it was not counted holds for every case of the program */
    const char *reason, *remedy;  /* remedy may be NULL */
    const char *variant;          /* kernels that really ran, as the program tells; NULL = it does not */
    struct store_metric *metrics; /* an iteration: callgrind_instructions, callgrind_branches, ... */
    size_t metric_count;
    double wall_s;
};

/* Never fails for what the program or valgrind does: that is counted = false with its reason. Fails when no process can
 * be started or no file be written. Results live in the arena. */
int callgrind_measure(const struct callgrind_request *request, struct arena *arena, struct callgrind_result *result,
                      struct error *error);

/* What callgrind_measure says of a program that does not mark its timed loop. */
void callgrind_refuse_unmarked(struct callgrind_result *result);

/* ---- the file that callgrind writes (callgrind_dump.c) ---- */

/* By callgrind's names: instructions, data reads and writes; misses of instruction reads, data reads and writes in the
 * first and the last level; conditional and indirect branches executed and mispredicted. */
enum callgrind_event {
    CALLGRIND_IR,
    CALLGRIND_DR,
    CALLGRIND_DW,
    CALLGRIND_I1MR,
    CALLGRIND_D1MR,
    CALLGRIND_D1MW,
    CALLGRIND_ILMR,
    CALLGRIND_DLMR,
    CALLGRIND_DLMW,
    CALLGRIND_BC,
    CALLGRIND_BCM,
    CALLGRIND_BI,
    CALLGRIND_BIM,
    CALLGRIND_EVENT_COUNT
};
struct callgrind_totals {
    bool has[CALLGRIND_EVENT_COUNT];
    uint64_t values[CALLGRIND_EVENT_COUNT];
};
/* The totals of a dump (Callgrind Profile Format, version 1). Text ends with a NUL, which length does not count. */
int callgrind_dump_parse(const char *text, size_t length, struct callgrind_totals *totals, struct error *error);

#endif
