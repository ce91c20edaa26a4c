/* passes_internal.h: what the files of the passes share. */
#ifndef PRONY_RUN_PASSES_INTERNAL_H
#define PRONY_RUN_PASSES_INTERNAL_H

#include "harness/run/runner_internal.h"

/* What the passes of a run know and do. */
struct passes_run {
    struct execution *execution;
    struct arena arena;       /* lives as long as the passes */
    struct store_case *timed; /* what the timed rounds gave */
    size_t timed_count;
};

/* One case in one pass. */
struct pass_target {
    struct passes_run *run;
    struct runner_suite *suite;
    size_t case_index, suite_index;
    const struct store_case *timed;
    enum store_pass pass;
    int round;
    const char *min_time; /* instead of the suite's; NULL = the suite's */
    const char *padding;  /* "PRONY_PADDING=xxx": one more variable; NULL = none */
};

/* "counters" */
const char *passes_name(enum store_pass pass);
const char *passes_case_name(const struct pass_target *target);
/* The median over processes of a timed metric ("real_time_ns" too); false if there is none. */
bool passes_timed_value(const struct store_case *timed, const char *name, double *value);

/* Runs one process of the pass. The attempt is to be released with arena_release(&attempt->arena). A failure is said
 * and stored; an interruption noted. *code is what the database says. */
enum outcome passes_run_process(const struct pass_target *target, const char *const *variables, struct trial *attempt,
                                struct protocol_output *output, int *code, struct error *error);
/* Fills in what every sample of the pass has, and stores it. */
int passes_store(const struct pass_target *target, struct store_sample *sample, struct error *error);
/* A sample without a time: the metrics of these names are unsupported for that reason. */
int passes_store_refusal(const struct pass_target *target, const char *const *names, size_t count, const char *reason,
                         const char *remedy, struct error *error);
/* Says once a suite that it does not know the pass. */
void passes_say(const struct pass_target *target, const char *reason);

/* pass_counters.c, pass_kinds.c: measure one case and store what came of it. */
int pass_counters(const struct pass_target *target, struct error *error);
int pass_memory(const struct pass_target *target, struct error *error);
int pass_spans(const struct pass_target *target, struct error *error);
int pass_callgrind(const struct pass_target *target, struct error *error);
/* record_case.c */
int pass_profile(const struct pass_target *target, struct error *error);

#endif
