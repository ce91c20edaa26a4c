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
#include "harness/base/stacks.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct store;

/* Opens or creates. Refuses: not a database, another application's database, a newer schema, damage. Older schemas are
 * migrated in one transaction. read_only never creates, and adds nothing; where an older file cannot be written, a copy
 * in memory is migrated and read. */
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
    const char *fingerprint;          /* of hardware and system software: a hash over all facts of the machine */
    const struct store_fact *machine; /* what it is made of */
    size_t machine_count;
    const struct store_fact *build; /* git_commit, git_branch, git_dirty, compiler, flags, version */
    size_t build_count;
    const struct store_fact *environment; /* recorded, not hashed: load, governor, memory */
    size_t environment_count;
    const char *uuid;   /* NULL = a new one; else that of a run made elsewhere, which must not be here yet */
    int64_t started_ns; /* 0 = now */
};
/* Several calls as one transaction: all of them or none. May be nested. The end commits if code is 0, else takes all of
 * it back; returns code, or why it could not commit. */
int store_group_begin(struct store *store, struct error *error);
int store_group_end(struct store *store, int code, struct error *error);

int store_run_begin(struct store *store, const struct store_run *run, int64_t *run_id, struct error *error);
/* More facts that were learned on the way (each suite's context). A name that is there already keeps its value. */
int store_run_facts_add(struct store *store, int64_t run_id, const struct store_fact *facts, size_t count,
                        struct error *error);
/* status: "complete", "interrupted", "failed". */
int store_run_end(struct store *store, int64_t run_id, const char *status, struct error *error);
/* The same for a run made elsewhere. */
int store_run_end_at(struct store *store, int64_t run_id, const char *status, int64_t ended_ns, struct error *error);
/* The run of exactly that uuid; *run_id 0 if it is not here. */
int store_run_known(struct store *store, const char *uuid, int64_t *run_id, struct error *error);

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
    const char *reason;          /* why it is absent or marked; NULL if OK */
    const char *remedy;          /* what would give it; NULL if there is none */
    double running_share;        /* of a counter: counted over enabled time, 0..1; 0 = not that kind of metric */
    const double *thread_values; /* what the threads add to value, or NULL */
    size_t thread_count;
};

/* Which process a sample comes from. Only times of the first are judged: the others measure something that disturbs the
 * time, and give their metrics only. */
enum store_pass {
    STORE_PASS_TIMED,
    STORE_PASS_COUNTERS,
    STORE_PASS_CALLGRIND,
    STORE_PASS_MEMORY,
    STORE_PASS_SPANS,
    STORE_PASS_PROFILE,
    STORE_PASS_COUNT
};

/* Time of one operation of the engine in one layer, an iteration of the case on average. */
struct store_span {
    const char *operation; /* "attention", "ffn_down" */
    int layer;             /* -1 = none */
    double calls, time_ns; /* wall time of the slowest thread */
    double bytes, flops;   /* NaN = not known */
    /* Which kernels do most of it, as the kernels suite names them, so that both can be compared:
     * "matvec/q5_0/avx2/rows:896/cols:896 matvec/q8_0/avx2/rows:128/cols:896" (spaces separate; older files and other
     * engines may leave out the instruction set); NULL = none. */
    const char *kernels;
};

/* A quantity over the operations of a long run. */
struct store_course {
    const char *name, *unit; /* "live_bytes", "B" */
    const double *operations, *values;
    size_t count;
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
    enum store_pass pass;
    const struct store_span *spans;
    size_t span_count;
    const struct store_course *courses;
    size_t course_count;
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

/* ---- profiles (profiles.c) ---- */

/* What of a run, or of a command, was on the CPU (or allocated) with which callers. */
struct store_profile {
    const char *suite, *name; /* the case; both NULL: a command or a whole suite */
    const char *title;        /* for people: the case, or the command */
    const char *kind;         /* "cpu", "allocations" */
    const char *event;        /* "cpu-clock", "cycles", "malloc" */
    const char *unit;         /* of the stacks' weights: "ns", "cycles", "B" */
    double frequency_hz;      /* 0 = not sampled by time */
    int64_t duration_ns;
    uint64_t sample_count, lost_count, truncated_count;
    const char *note; /* what the reader must know ("user frames only: perf_event_paranoid is 2"); NULL = nothing */
};
/* Stores the stacks compressed, and the top functions for those who query. *profile_id may be NULL. */
int store_profile_add(struct store *store, int64_t run_id, const struct store_profile *profile,
                      const struct stacks *stacks, int64_t *profile_id, struct error *error);

struct store_profile_row {
    int64_t id, run_id;
    struct store_profile profile;
};
/* In the order they were taken. Strings live in the arena. */
int store_profiles(struct store *store, int64_t run_id, struct arena *arena, struct store_profile_row **rows,
                   size_t *count, struct error *error);
/* The profile of that number in any run. */
int store_profile_find(struct store *store, int64_t profile_id, struct arena *arena, struct store_profile_row *row,
                       struct error *error);
/* *stacks: stacks_release. */
int store_profile_stacks(struct store *store, int64_t profile_id, struct stacks **stacks, struct error *error);

/* ---- the doctor's verdicts (checks.c) ---- */

struct store_check {
    const char *name;    /* "governor" */
    const char *verdict; /* "pass", "warn", "fail", "unknown" */
    const char *seen;    /* "powersave on 2 of 2 CPUs" */
    const char *meaning; /* why it matters, one sentence */
    const char *remedy;  /* the command that mends it, or advice as a sentence; NULL = none */
};
int store_checks_add(struct store *store, int64_t run_id, const struct store_check *checks, size_t count,
                     struct error *error);
/* In the order they were added; none for runs of before version 2 and with --no-doctor. */
int store_checks(struct store *store, int64_t run_id, struct arena *arena, struct store_check **checks, size_t *count,
                 struct error *error);
/* "1 fail (detour), 2 warn (load, boost), 4 unknown, 12 pass" in the arena; NULL if there are no checks. */
const char *store_checks_line(const struct store_check *checks, size_t count, struct arena *arena);

/* ---- reading. Results and their strings live in the arena. ---- */

/* fingerprint: the key of the machine (store_machine_key), the same after an update of its kernel or libc. */
struct store_run_row {
    int64_t id;
    const char *uuid, *plan, *command, *status, *fingerprint; /* status "running" if it never ended */
    int64_t started_ns, ended_ns;                             /* UTC; ended 0 = never */
    uint64_t seed;
    size_t sample_count, case_count, failure_count;
    int64_t pruned_ns; /* when its samples were thrown away and only summaries kept; 0 = never */
    struct store_fact *machine, *build, *environment;
    size_t machine_count, build_count, environment_count;
};
/* Newest first; limit 0 = all. */
int store_runs(struct store *store, size_t limit, struct arena *arena, struct store_run_row **runs, size_t *count,
               struct error *error);
/* text: NULL or "latest" = newest run (by its start), "latest~2", an id, a tag, the start of a uuid (unique),
 * "branch:NAME" (newest complete run of that branch), or "commit:PREFIX" (newest complete run of such a commit). */
int store_run_find(struct store *store, const char *text, struct arena *arena, struct store_run_row *run,
                   struct error *error);

/* One metric over the samples of a case, of one pass. values[i] belongs to sample i of that pass; NaN where absent. */
struct store_series {
    const char *name, *unit;
    enum store_pass pass;
    double *values;
    const int *processes; /* of each value; for STORE_PASS_TIMED those of the case */
    size_t count;         /* for STORE_PASS_TIMED sample_count */
    enum store_state worst_state;
    const char *reason, *remedy; /* of the first absent or marked value */
    double running_share;        /* the smallest; 0 = not a hardware counter */
    double *thread_values;       /* means over the samples; NULL = not by thread */
    size_t thread_count;
};

/* What is kept of one metric of a case when its run is pruned: over processes. NaN = not known. */
struct store_summary {
    const char *suite, *name, *metric, *unit;
    enum store_pass pass;
    size_t count;
    double median, low, high, minimum, maximum, mean, robust_sd;
};

/* The spans of one process that traced the engine. */
struct store_trace {
    int round, process;
    double iteration_ns; /* real time of an iteration, for what no span covers */
    const struct store_span *spans;
    size_t span_count;
};

struct store_case {
    const char *suite, *name, *label;
    size_t sample_count; /* good timed samples only; 0 with metrics: only other passes measured it */
    double *real_time_ns, *cpu_time_ns;
    int64_t *iterations;
    int *rounds, *processes;
    struct store_series *metrics;
    size_t metric_count;
    double *values_ns; /* single operations of all samples, together */
    size_t value_count;
    const struct store_span *spans; /* of the newest sample that has some */
    size_t span_count;
    double span_iteration_ns;         /* real time of an iteration of that sample, for the unexplained rest */
    const struct store_trace *traces; /* all samples that have spans, the newest last */
    size_t trace_count;
    const struct store_course *courses; /* of the newest sample that has some */
    size_t course_count;
    size_t error_count, skip_count;
    const char *message;       /* of the first error or skip */
    const char *output_digest; /* of the first good sample that has one, or NULL */
    bool outputs_differ;       /* another sample has another digest */
    /* The run was pruned: the arrays hold one value, the median of summary_samples good samples, and summaries tells
     * the rest. false: these are samples. */
    bool is_summary;
    size_t summary_samples;
    const struct store_summary *summaries;
    size_t summary_count;
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

/* ---- names of runs (tags.c) ---- */

/* The tag "baseline" is the pinned baseline: what compare and gate use where nobody says against what. */
#define STORE_BASELINE_TAG "baseline"
struct store_tag {
    const char *name, *note;
    int64_t run_id, created_ns;
};
/* A tag of that name moves. Names that store_run_find would take for something else (numbers, "latest") are refused. */
int store_tag_set(struct store *store, const char *name, int64_t run_id, const char *note, struct error *error);
int store_tag_remove(struct store *store, const char *name, struct error *error);
int store_tags(struct store *store, struct arena *arena, struct store_tag **tags, size_t *count, struct error *error);

/* ---- comparisons that were made (comparisons.c) ---- */

/* Two runs that belong together: round i of one is paired with round i of the other. */
struct store_comparison {
    int64_t id;       /* filled when read */
    const char *uuid; /* filled when read */
    const char *kind; /* "ab", or "aa": both sides are the same build */
    int64_t base_run, candidate_run;
    const char *base_name, *candidate_name; /* "main", "my-branch" */
    uint64_t seed;
    int look, look_count; /* alpha was spent up to this look of so many */
    bool identical_binaries;
    const char *fingerprint; /* key of the machine; filled when read */
    int64_t created_ns;      /* filled when read */
};
int store_comparison_add(struct store *store, const struct store_comparison *comparison, int64_t *comparison_id,
                         struct error *error);
int store_comparison_look(struct store *store, int64_t comparison_id, int look, struct error *error);
/* Newest first. kind NULL = all, fingerprint NULL = all machines. */
int store_comparisons(struct store *store, const char *kind, const char *fingerprint, struct arena *arena,
                      struct store_comparison **comparisons, size_t *count, struct error *error);
/* Whether these two runs are the sides of one: *found. */
int store_comparison_of(struct store *store, int64_t base_run, int64_t candidate_run, struct arena *arena,
                        struct store_comparison *comparison, bool *found, struct error *error);

/* What came out for one case and metric. */
struct store_outcome {
    const char *suite, *name, *metric;
    double effect, low, high; /* log ratio; NaN = none */
    double p, noise;          /* NaN = none */
    int pairs;
    const char *verdict;
};
int store_outcomes_add(struct store *store, int64_t comparison_id, const struct store_outcome *outcomes, size_t count,
                       struct error *error);
int store_outcomes(struct store *store, int64_t comparison_id, struct arena *arena, struct store_outcome **outcomes,
                   size_t *count, struct error *error);

/* ---- machines (machines.c) ---- */

/* A machine with one state of its system software. */
struct store_machine {
    int64_t id;
    const char *key;         /* of the hardware: what histories and comparisons go by */
    const char *fingerprint; /* of the whole row */
    const struct store_fact *facts;
    size_t fact_count;
};
int store_machines(struct store *store, struct arena *arena, struct store_machine **machines, size_t *count,
                   struct error *error);
/* Facts that make it another machine when they change; all others are its environment: kernel, libc, settings. */
bool store_fact_is_hardware(const char *name);
/* A hash over the hardware facts; the fingerprint itself where the facts do not come from our own look at a machine. */
const char *store_machine_key(const char *fingerprint, const struct store_fact *facts, size_t count,
                              struct arena *arena);
/* text: a key or a fingerprint, or the start of one (4 characters at least). */
int store_machine_find(struct store *store, const char *text, struct arena *arena, const char **key,
                       struct error *error);

/* ---- history (read_history.c) ---- */

/* One run's values of one metric of one case: one value a process (its median over repetitions), or, of a pruned run,
 * its summary. */
struct store_point {
    int64_t run_id, started_ns;
    const char *commit, *branch, *fingerprint, *tag, *status; /* fingerprint: key of the machine */
    const struct store_machine *machine;                      /* with the state it was in; NULL = not known */
    bool is_side;         /* of a comparison: prony ab or calibrate measured it, in turns with another */
    const double *values; /* a process each */
    size_t count;         /* 0: pruned, then the summary is all there is */
    double median, low, high;
    size_t summary_count;
};
/* Oldest first, all machines. metric "real_time", "cpu_time" or a metric's name. unit is the metric's. Built for
 * 10,000 runs: one pass over an index. */
int store_history(struct store *store, const char *suite, const char *name, const char *metric, struct arena *arena,
                  struct store_point **points, size_t *count, const char **unit, struct error *error);
/* All cases that any run measured, by suite and first appearance; only suite and name are filled. */
int store_case_names(struct store *store, struct arena *arena, struct store_case **cases, size_t *count,
                     struct error *error);

/* ---- housekeeping (merge.c, prune.c, check.c) ---- */

struct store_merge_result {
    size_t runs_added, runs_known, comparisons_added, tags_added;
    size_t runs_differ; /* known here in another state (still running, or pruned): this database's stays */
    size_t tags_differ; /* names that mean another run here: they stay */
};
/* Runs of the other file that are not here yet, by their uuid: twice is once. One transaction. */
int store_merge(struct store *store, const char *other_path, struct store_merge_result *result, struct error *error);
/* The same for one run of the other file only (its number there). */
int store_merge_run(struct store *store, const char *other_path, int64_t only_run, struct store_merge_result *result,
                    struct error *error);
/* The run's samples of single operations, spans, courses, profiles and raw samples go; its summaries stay. The caller
 * made them: stats are not the store's. Tagged runs are refused. */
int store_prune(struct store *store, int64_t run_id, const struct store_summary *summaries, size_t count,
                struct error *error);
/* SQLite's own check, foreign keys, and our invariants; problems as lines. */
int store_check(struct store *store, struct arena *arena, const char ***problems, size_t *count, struct error *error);
/* Names, machines and builds that nothing refers to any more go. */
int store_drop_unused(struct store *store, struct error *error);
/* All tables as JSON, or as SQL that makes the same database (docs/FORMATS.md, "Exports"). */
int store_dump(struct store *store, bool json, FILE *out, struct error *error);
/* Rows as such a dump has them, into a store of their own. next: *cells of the next row, NULL behind the last. */
enum store_cell_kind { STORE_CELL_NULL, STORE_CELL_INTEGER, STORE_CELL_REAL, STORE_CELL_TEXT, STORE_CELL_BLOB };
struct store_cell {
    enum store_cell_kind kind;
    int64_t integer;
    double real;
    const char *text; /* also the bytes of a blob */
    size_t size;      /* of a blob */
};
typedef int store_next_row(void *context, const struct store_cell **cells, struct error *error);
int store_load_rows(struct store *store, const char *table, const char *const *columns, size_t column_count,
                    store_next_row *next, void *context, struct error *error);
/* Numbers about the file. Times: UTC nanoseconds, 0 = no runs. free_bytes: what a vacuum would give back at least. */
struct store_info {
    int64_t schema, runs, pruned_runs, samples, cases, machines, profiles, comparisons, tags;
    int64_t oldest_ns, newest_ns, size_bytes, free_bytes;
};
int store_info(struct store *store, struct store_info *info, struct error *error);
int store_vacuum(struct store *store, int64_t *before_bytes, int64_t *after_bytes, struct error *error);

#endif
