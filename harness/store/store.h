/* store.h: every measurement, for ever, in one SQLite file.
 *
 * Samples are append-only, one row each. Several processes may write at once (WAL, busy timeout, BEGIN IMMEDIATE).
 * Each sample is committed by itself or in a small group, so a full disk or a killed process loses at most the running
 * one. Schema and its meaning: schema.sql.h next to this file and docs/FORMATS.md; stock sqlite3 can query it.
 *
 * A measurement that could not be taken is absent with a reason, never 0. */
#ifndef PRONY_STORE_STORE_H
#define PRONY_STORE_STORE_H

#include "harness/base/arena.h"
#include "harness/base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

/* Opens or creates. Refuses: not a database, another application's database, a newer schema, damage. Older schemas are
 * migrated in one transaction. read_only never creates or migrates. */
int store_open(struct store **store, const char *path, bool read_only, struct error *error);
void store_close(struct store *store);

/* ---- writing ---- */

/* name/value facts, kept as rows. Strings are copied. */
struct store_fact {
    const char *name, *value;
};

struct store_run {
    const char *plan;    /* "quick" */
    const char *command; /* the command line */
    uint64_t seed;
    const char *fingerprint;          /* of the machine: a short hash, stable for weeks */
    const struct store_fact *machine; /* what the fingerprint is made of */
    size_t machine_count;
    const struct store_fact *build; /* git_commit, git_branch, git_dirty, compiler, flags, version */
    size_t build_count;
    const struct store_fact *environment; /* recorded, not hashed: load, governor, memory */
    size_t environment_count;
};
int store_run_begin(struct store *store, const struct store_run *run, int64_t *run_id, struct error *error);
/* More facts that were learned on the way (each suite's context). A name that is there already keeps its value. */
int store_run_facts_add(struct store *store, int64_t run_id, const struct store_fact *facts, size_t count,
                        struct error *error);
/* status: "complete", "interrupted", "failed". */
int store_run_end(struct store *store, int64_t run_id, const char *status, struct error *error);

/* Gives the cases of a suite their place in the order of store_cases before the first (shuffled) round measures them.
 */
int store_cases_declare(struct store *store, const char *suite, const char *const *names, size_t count,
                        struct error *error);

enum store_state { STORE_OK, STORE_SCALED, STORE_APPROXIMATE, STORE_NOT_COUNTED, STORE_UNSUPPORTED };

/* One metric of a sample besides time. */
struct store_metric {
    const char *name; /* "tokens_per_second" */
    const char *unit; /* "1/s", "B", "ns", "" */
    double value;     /* meaningless unless state is OK, SCALED or APPROXIMATE */
    enum store_state state;
    const char *reason; /* why it is absent or marked; NULL if OK */
};

enum store_status { STORE_SAMPLE_OK, STORE_SAMPLE_ERROR, STORE_SAMPLE_SKIPPED };

/* What one repetition of one case in one process measured. */
struct store_sample {
    const char *suite; /* program name: "kernels" */
    const char *name;  /* case: "decode/qwen2.5-0.5b/q8_0/ctx:512/threads:2" */
    int round;         /* 0.. */
    int process;       /* ordinal of the child process within the run */
    int repetition;
    enum store_status status;
    const char *message; /* error or skip text; NULL if OK */
    int64_t iterations;
    double real_time_ns, cpu_time_ns; /* per iteration */
    const char *label;
    const char *output_digest; /* of what was computed, or NULL */
    const struct store_metric *metrics;
    size_t metric_count;
    const double *values_ns; /* single operations inside the sample (each token's time), or NULL */
    size_t value_count;
};
int store_sample_add(struct store *store, int64_t run_id, const struct store_sample *samples, size_t count,
                     struct error *error);

/* A suite program that failed as a whole. reason: "killed by signal 11", "timed out after 60 s", "output is not JSON:
 * ..." */
struct store_failure {
    const char *suite, *reason, *stderr_tail;
    int round, process;
};
int store_failure_add(struct store *store, int64_t run_id, const struct store_failure *failure, struct error *error);

/* ---- reading. Results and their strings live in the arena. ---- */

struct store_run_row {
    int64_t id;
    const char *uuid, *plan, *command, *status, *fingerprint; /* status "running" if it never ended */
    int64_t started_ns, ended_ns;                             /* UTC; ended 0 = never */
    uint64_t seed;
    size_t sample_count, case_count, failure_count;
    struct store_fact *machine, *build, *environment;
    size_t machine_count, build_count, environment_count;
};
/* Newest first; limit 0 = all. */
int store_runs(struct store *store, size_t limit, struct arena *arena, struct store_run_row **runs, size_t *count,
               struct error *error);
/* text: NULL or "latest" = newest run, "latest~2", an id, or the start of a uuid (unique). */
int store_run_find(struct store *store, const char *text, struct arena *arena, struct store_run_row *run,
                   struct error *error);

/* One metric over the samples of a case. values[i] belongs to sample i; NaN where absent. */
struct store_series {
    const char *name, *unit;
    double *values;
    enum store_state worst_state;
    const char *reason; /* of the first absent or marked value */
};

struct store_case {
    const char *suite, *name, *label;
    size_t sample_count; /* good samples only */
    double *real_time_ns, *cpu_time_ns;
    int64_t *iterations;
    int *rounds, *processes;
    struct store_series *metrics;
    size_t metric_count;
    double *values_ns; /* single operations of all samples, together */
    size_t value_count;
    size_t error_count, skip_count;
    const char *message;       /* of the first error or skip */
    const char *output_digest; /* of the first good sample that has one, or NULL */
    bool outputs_differ;       /* another sample has another digest */
};
/* All cases of a run, ordered by suite and first appearance. */
int store_cases(struct store *store, int64_t run_id, struct arena *arena, struct store_case **cases, size_t *count,
                struct error *error);

struct store_failure_row {
    const char *suite, *reason, *stderr_tail;
    int round, process;
};
int store_failures(struct store *store, int64_t run_id, struct arena *arena, struct store_failure_row **failures,
                   size_t *count, struct error *error);

#endif
