/* compare_internal.h: how the files of a comparison work together. Order: match, measure, q-values, verdicts, groups,
 * notes. Nothing outside harness/judge/compare*.c includes this. */
#ifndef PRONY_JUDGE_COMPARE_INTERNAL_H
#define PRONY_JUDGE_COMPARE_INTERNAL_H

#include "harness/judge/compare.h"
#include <regex.h>

/* What all steps need. */
struct compare_context {
    struct comparison *comparison;
    const struct compare_options *options;
    bool paired;
    double alpha;      /* of this look */
    double confidence; /* 1 - alpha */
    double budget;     /* floor before noise */
    compare_noise *noise_of;
    void *noise_context;
    struct arena *arena;
    const regex_t *filter;               /* of names; NULL = all */
    size_t dropped_pairs, dropped_cases; /* rounds that only one side has */
    size_t left_out;                     /* cases of the base that the candidate did not mean to measure */
    /* Processes that died, of both runs; none where only rows are compared. */
    const struct store_failure_row *base_failures, *candidate_failures;
    size_t base_failure_count, candidate_failure_count;
};
/* What the first process that failed with this case said; NULL = none did. */
const char *compare_failure_of(const struct store_failure_row *failures, size_t count, const char *suite,
                               const char *name);

/* One value a process (or a round, which is what pairs up), in ascending order of the key. */
struct compare_values {
    size_t count;
    int *keys;
    double *values;
};
/* Medians of the finite values with the same key. */
struct compare_values compare_by_key(const double *values, const int *keys, size_t count, struct arena *arena);

/* Everything below, in order. Budget, alpha and confidence are filled from the options. */
void compare_all(struct compare_context *context, struct store_case *base, size_t base_count,
                 struct store_case *candidate, size_t candidate_count);

/* ---- compare_match.c: which case belongs to which ---- */

/* Fills cases, suite, name, base and candidate of each. */
void compare_match(struct compare_context *context, struct store_case *base, size_t base_count,
                   struct store_case *candidate, size_t candidate_count);

/* ---- compare_measure.c: effect, interval and p of one metric ---- */

/* Fills everything but q and verdict. reason is set where no verdict can be given. pairs_up: rounds pair up. */
void compare_measure(const struct compare_context *context, struct compare_metric *metric, struct compare_values base,
                     struct compare_values candidate, bool pairs_up, double noise);
/* The same from differences that are made already (of groups). */
void compare_measure_differences(const struct compare_context *context, struct compare_metric *metric,
                                 const double *differences, size_t count);

/* ---- compare_confirm.c: what was measured again ---- */

enum compare_part_kind { COMPARE_JUDGED /* what looks judge */, COMPARE_FRESH /* what no call has seen */ };
/* The times of that part; NaN in place of the others. */
const double *compare_part_of(const struct compare_context *context, const struct store_case *item, const double *times,
                              enum compare_part_kind part);
/* A call that the fresh differences do not confirm becomes undecided. After all else has been asked about the call. */
void compare_confirm(const struct compare_context *context, struct compare_metric *time, const double *differences,
                     size_t count);
void compare_confirm_case(const struct compare_context *context, struct compare_case *item);

/* ---- compare_metrics.c: the metrics of a case ---- */

void compare_measure_case(struct compare_context *context, struct compare_case *item);

/* ---- compare_output.c: whether both sides computed the same ---- */

void compare_output_of(struct compare_case *item);

/* ---- compare_verdict.c ---- */

/* q of all metrics of all cases; families are the same metric of the same pass. */
void compare_fill_q(struct compare_context *context);
void compare_judge_metric(const struct compare_context *context, struct compare_metric *metric);
/* Times of two machines are shown, and never judged. */
void compare_refuse_time(struct compare_metric *metric);
/* A change of the wall time is believed when the CPU time says the same, or when the samples had their CPUs: else it
 * becomes undecided. delay: shares of the wall time that were spent waiting for a CPU. */
void compare_check_with_cpu(const struct compare_context *context, struct compare_metric *time, double cpu_effect,
                            double delay_base, double delay_candidate);
/* The value of a run's fact, or NULL. */
const char *compare_fact_of(const struct store_fact *facts, size_t count, const char *name);
void compare_judge_case(const struct compare_context *context, struct compare_case *item);
/* How bad: a larger number is worse. */
int compare_rank(enum judge_verdict verdict);

/* ---- compare_groups.c ---- */

/* Differences of a case that is on both sides, by round. */
struct compare_series {
    size_t count;
    const int *rounds;
    const double *differences;
};
struct compare_series compare_series_of(const struct compare_context *context, const struct compare_case *item,
                                        enum compare_part_kind part);

void compare_make_groups(struct compare_context *context);

/* ---- compare_attribution.c ---- */

/* base, candidate: all cases of the two sides, for the kernels and layers suites among them. */
void compare_attribute(struct compare_context *context, const struct store_case *base, size_t base_count,
                       const struct store_case *candidate, size_t candidate_count);

/* ---- compare_notes.c ---- */

void compare_make_notes(struct compare_context *context);
/* Sets machines_differ, machine_difference and environment_change: before verdicts. */
void compare_machines(struct compare_context *context);
#endif
