/* runner_internal.h: what the files of the runner share. */
#ifndef PRONY_RUN_RUNNER_INTERNAL_H
#define PRONY_RUN_RUNNER_INTERNAL_H

#include "harness/run/progress.h"
#include "harness/run/runner.h"

/* A suite that wrote more than this to stdout is not a benchmark. */
#define RUNNER_OUTPUT_LIMIT_BYTES ((size_t)64 << 20)

/* An executing run. */
struct execution {
    struct runner *runner;
    struct store *store;
    struct runner_result *result;
    struct progress progress;
    int process; /* ordinal of the next child */
};

/* listing.c: fills suite->cases and cpus, or suite->failure. Returns nonzero only when interrupted. */
int listing_ask(struct runner *runner, struct runner_suite *suite, struct error *error);

/* measure.c: runs one unit and stores what came of it. Fails when the database does. An interruption is
 * noted in execution->result. */
int measure_unit(struct execution *execution, int round, const struct schedule_unit *unit, struct error *error);

/* text.c: bytes of a strange program made fit for a database and a terminal: valid UTF-8 without control characters
 * except newline and tab, at most limit bytes from the end. In the arena. */
const char *text_clean_tail(struct arena *arena, const char *bytes, size_t length, size_t limit);

#endif
