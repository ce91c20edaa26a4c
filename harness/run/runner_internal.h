/* runner_internal.h: what the files of the runner share. */
#ifndef PRONY_RUN_RUNNER_INTERNAL_H
#define PRONY_RUN_RUNNER_INTERNAL_H

#include "harness/run/progress.h"
#include "harness/run/protocol.h"
#include "harness/run/runner.h"

/* A suite that wrote more than this to stdout is not a benchmark. */
#define RUNNER_OUTPUT_LIMIT_BYTES ((size_t)64 << 20)

/* An executing run. */
struct execution {
    struct runner *runner;
    struct store *store;
    struct runner_result *result;
    struct progress progress;
    int process;      /* ordinal of the next child */
    const char *side; /* whose processes these are, for messages: "my-branch"; NULL = there is only one */
};

/* runner.c: the run begins in the database, with what is known of machine and build, and the doctor looks. When the
 * first fails there is no run; result->run_id is 0 then. */
int runner_begin(struct execution *execution, struct error *error);
/* Ends it as complete, interrupted or failed. code is what happened so far: it comes back unless it is 0. */
int runner_end(struct execution *execution, int code, struct error *error);

/* listing.c: fills suite->cases and cpus, or suite->failure. Returns nonzero only when interrupted. */
int listing_ask(struct runner *runner, struct runner_suite *suite, struct error *error);

/* estimate.c: seconds of what is still to come; below 0 while too little is known. */
double runner_estimate_left(const struct runner *runner);

/* measure.c: runs one unit and stores what came of it. Fails when the database does. An interruption is
 * noted in execution->result. */
int measure_unit(struct execution *execution, int round, const struct schedule_unit *unit, struct error *error);

/* What happened to one process. */
enum outcome { OUTCOME_GOOD, OUTCOME_FAILED, OUTCOME_INTERRUPTED };

/* One process: what it is to measure, and why it failed. */
struct trial {
    struct execution *execution;
    struct runner_suite *suite;
    const struct schedule_unit *unit;
    int round, process;
    const char *pass;             /* "counters"; NULL = the timed one */
    const char *const *variables; /* "NAME=value" that the pass adds, NULL ends the list; may be NULL */
    const char *min_time;         /* instead of the suite's; may be NULL */
    struct arena arena;           /* lives as long as the attempt */
    char reason[640];             /* if it failed */
    const char *stderr_tail;
};
/* measure.c: runs the process; its output lives in the attempt's arena. */
enum outcome measure_run(struct trial *attempt, struct protocol_output *output, double *wall_s);
/* Its command line, as child.h wants it. */
char **measure_make_arguments(const struct trial *attempt);
void measure_free_arguments(char **arguments);
/* Stores what a good process gave, and counts it. */
int measure_store_output(struct trial *attempt, struct protocol_output *output, struct error *error);
/* Says and stores that it failed. */
int measure_store_failure(struct trial *attempt, struct error *error);

/* text.c: bytes of a strange program made fit for a database and a terminal: valid UTF-8 without control characters
 * except newline and tab, at most limit bytes from the end. In the arena. */
const char *text_clean_tail(struct arena *arena, const char *bytes, size_t length, size_t limit);

#endif
