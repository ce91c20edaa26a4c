/* passes.h: what is measured besides time, each in processes of its own, so that it disturbs no judged sample.
 *
 * | pass      | asked for by                 | how often                                               |
 * |-----------|------------------------------|---------------------------------------------------------|
 * | counters  | groups, metrics, events      | every round; as many processes a case as there are sets |
 * | memory    | memory = yes, --memory       | once a case                                             |
 * | spans     | spans = yes, --spans         | once a case                                             |
 * | callgrind | "callgrind" among counters   | once a case, under valgrind                             |
 * | profile   | --profile                    | once a case, for two seconds or more (record.h)         |
 *
 * They follow the timed rounds, and only cases that were measured there have them. A suite that knows nothing of a pass
 * is no failure: its metrics are stored as unsupported, with the reason. */
#ifndef PRONY_RUN_PASSES_H
#define PRONY_RUN_PASSES_H

#include "harness/base/arena.h"
#include "harness/base/error.h"
#include "harness/base/str.h"
#include "harness/probe/probe_groups.h"
#include "harness/store/store.h"
#include <stdbool.h>
#include <stddef.h>

/* How far a pass of a suite is, for the estimate of what is left. */
struct pass_clock {
    size_t left; /* processes that are still to come */
    size_t done; /* processes so far */
    double taken_s;
};

/* The passes of one suite. */
struct passes {
    struct probe_group group;    /* metrics and formulas; metric_count 0 = no counters */
    const char *const *counters; /* what each process counts: a comma list for --prony_counters */
    size_t counter_processes;    /* of a case, every round */
    bool callgrind, memory, spans, profile;
    /* while executing */
    struct pass_clock clocks[STORE_PASS_COUNT];
    bool said[5];            /* what the suite does not know was said; by enum store_pass - 1 */
    const char *unsupported; /* why this suite has no counters at all; NULL = it may have */
};

struct execution;
struct runner;
struct runner_suite;

/* counters: the words of a plan or of --counters; NULL = none. ERROR_USAGE names a word that means nothing. */
int passes_parse(struct passes *passes, const char *counters, bool memory, bool spans, struct arena *arena,
                 struct error *error);
/* Sets the clocks to what is to come. */
void passes_begin(struct runner_suite *suite);
/* Processes that all passes of the run take. */
size_t passes_count(const struct runner *runner);
/* One line for a reader: "counters cycles,instructions | l1d_loads (2 processes a round), memory"; "" if there is none.
 */
void passes_describe(const struct passes *passes, struct str *out);
/* After the timed rounds. Fails when the database does. */
int passes_execute(struct execution *execution, struct error *error);

/* One process of the spans pass on its own, for callers that know a better order than one run after the other. */
struct passes_trace {
    int round;            /* of its sample */
    const char *min_time; /* "123x"; NULL = the suite's */
    const char *padding;  /* "PRONY_PADDING=xxx"; NULL = none */
};
int passes_trace(struct execution *execution, size_t suite_index, size_t case_index, const struct passes_trace *trace,
                 struct error *error);

#endif
