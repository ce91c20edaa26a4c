/* compare.h: what changed between a base and a candidate, case by case, with the numbers behind every verdict.
 *
 * Built from two stored runs. Paired: the runs are the two sides of `prony ab`, in which round i of one belongs to
 * round i of the other. Unpaired: any two runs; then floors are wider and the reports say so.
 *
 * The unit of analysis is the process (repetitions inside one become their median). Effects are log(candidate / base)
 * of a metric: above 0 = the number grew. Percent is made where it is written. Everything lives in the caller's arena.
 */
#ifndef PRONY_JUDGE_COMPARE_H
#define PRONY_JUDGE_COMPARE_H

#include "harness/base/arena.h"
#include "harness/base/error.h"
#include "harness/judge/judge.h"
#include "harness/stats/stats.h"
#include "harness/store/store.h"

struct compare_options {
    double floor; /* budget: effects within it do not matter. JUDGE_FLOOR at least, unpaired JUDGE_FLOOR_UNPAIRED */
    int look;     /* paired with alpha spending: which look this is (0..) of look_count; look_count 0 = one look */
    int look_count;
    const char *const *metrics; /* besides time: which metrics of which passes are judged, by name; NULL = all shared */
    size_t metric_count;
    uint64_t seed;
    const char *suite, *filter; /* of compare_runs: only this suite, only names that match this POSIX extended regular
                                 * expression; NULL = all */
    bool history;     /* times will be held against the levels of a history (gate_history.h), so the usual warning about
                       * runs that were not interleaved would be false */
    int confirm_from; /* paired: rounds from this one on measured again what a look had called (compare_confirm.c), and
                       * a call without that is none; 0 = nothing was to be measured again. compare_runs knows it */
    bool partial; /* the candidate measured a selection: a case that it does not have has not failed. compare_runs sets
                   * this where plan or filters of the runs differ */
};

/* Facts that `prony ab` gives to its runs: options.confirm_from; and in words which cases it never came to. */
#define COMPARE_CONFIRM_FACT   "ab.confirm_from"
#define COMPARE_UNREACHED_FACT "ab.unreached"
/* After the name of a suite: why its code, which looks the same, is not said to be. */
#define COMPARE_UNCLAIMED_FACT ".code_unclaimed"

/* Two errors against the reference differ when the candidate's is that many times the base's, and above the least. */
#define COMPARE_ERROR_GROWTH 4.0
#define COMPARE_ERROR_LEAST  1e-5

/* Against a history: where its level changed, and what came out when the ends were measured again (gate_confirm.h). */
enum compare_again { COMPARE_NOT_AGAIN, COMPARE_CONFIRMED, COMPARE_REFUTED, COMPARE_OPEN };
struct compare_step {
    const char *good, *bad;    /* commits of the last run before it and of the first one behind; NULL = not known */
    int64_t good_run;          /* that last run */
    int64_t level_ns, good_ns; /* start of the first and of the last run of the old level */
    double effect;             /* as the history has it: what was measured again stands in the metric */
    struct stats_interval interval;
    size_t runs;             /* behind it, up to the judged one */
    const char *environment; /* what changed on the machine with it, or one run off: "kernel 6.1 -> 6.6"; or NULL */
    const char *words;       /* "step of +5.0 % between 3f2a91c0d1 and 9c1b77aa02, seen in 3 runs" */
    enum compare_again again;
};

/* What fresh pairs said of a call. The effect of the call itself leans outwards, because large ones are called; this
 * one does not. */
enum compare_confirmed {
    COMPARE_UNASKED,       /* no call, or nothing is measured again (stored runs) */
    COMPARE_FRESH_AGREES,  /* confirmed */
    COMPARE_FRESH_DIFFERS, /* fresh pairs do not say the same: undecided */
    COMPARE_UNMEASURED     /* there are none: undecided */
};
struct compare_confirmation {
    enum compare_confirmed state;
    size_t pairs; /* the rest is meaningless where this is 0 */
    double effect;
    struct stats_interval interval; /* 95 % */
    double p;
};

/* One metric of one case on both sides. */
struct compare_metric {
    const char *name, *unit; /* "real_time", "ns" */
    enum store_pass pass;
    bool higher_is_better;
    struct stats_summary base, candidate; /* over processes; count 0 = absent */
    size_t pairs;                         /* 0 = unpaired */
    double effect;                        /* log ratio; NaN where a value is not positive */
    struct stats_interval interval;       /* of effect */
    double p, q;                          /* q: over the family of all cases of this comparison, this metric */
    double floor;                         /* used here: the largest of budget, A/A noise of this case, and 1 % */
    double noise;                         /* A/A noise of this case on this machine; NaN = never calibrated */
    double detectable;                    /* smallest effect that this comparison could have called: floor included;
                                           * inf = none */
    bool exact;                           /* deterministic: every process gave the same number on each side; no p */
    bool shape;                           /* skewed or with two modes: median and its sign interval were used */
    enum judge_verdict verdict;           /* what the numbers alone say, also of identical binaries */
    const char *since;                    /* against a history: commit of the first run behind the step; else NULL */
    struct compare_step *step;            /* the same: the step that was judged; NULL = none */
    struct compare_confirmation confirmation; /* of real_time */
    const char *reason; /* one line, why undecided, or what qualifies the verdict; NULL = nothing to say */
};

enum compare_output { COMPARE_OUTPUT_UNKNOWN, COMPARE_OUTPUT_SAME, COMPARE_OUTPUT_WITHIN, COMPARE_OUTPUT_DIFFERENT };

struct compare_case {
    const char *suite, *name;
    const struct store_case *base, *candidate; /* NULL = not in that run */
    enum judge_verdict verdict; /* of the case: failures and output first, then time, or exact counts where there are
                                 * too few samples; identical binaries cannot regress */
    const char *reason;
    struct compare_metric time;     /* real_time: what gates */
    struct compare_metric cpu;      /* cpu_time: must agree in sign where the samples were delayed */
    struct compare_metric *metrics; /* the others: counters, instructions, memory, tokens_per_second */
    size_t metric_count;
    bool identical; /* the same code on both sides, as `prony ab` found: it cannot have changed */
    enum compare_output output;
    double output_error_base, output_error_candidate; /* against the reference (max_rel_error); NaN = not given */
    const char *acknowledged;                         /* by the gate; else NULL */
    double delay_base, delay_candidate; /* median share of the wall time that its threads waited for a CPU; NaN = not
                                         * known */
};

/* Cases of one suite and operation together: geometric mean of the effects, tested over blocks as one. */
struct compare_group {
    const char *suite, *operation; /* operation "" = the whole suite */
    struct compare_case **cases;
    size_t count;
    struct compare_metric time;
    bool identical;                       /* all of its cases are */
    size_t verdicts[JUDGE_VERDICT_COUNT]; /* of its cases */
};

/* Where an end-to-end change comes from: operation by operation, as the spans of both sides say, beside what the same
 * kernels and layers changed when measured alone. `prony ab` traces both sides in pairs; then changes have intervals.
 */
enum compare_span_kind {
    COMPARE_PART_OPERATION,
    COMPARE_PART_WAIT,   /* no thread works: all wait for one another */
    COMPARE_PART_OUTSIDE /* in the traced iteration, but in no span: around the engine */
};
struct compare_part {
    const char *operation;
    double base_ns, candidate_ns; /* an iteration; their difference is the Walsh median over the traced pairs */
    double kernel_effect;         /* log ratio in the kernels suite; NaN = not measured there */
    double layer_effect;          /* in the layers suite, of the part that holds this operation */
    enum compare_span_kind kind;
    struct stats_interval interval;          /* of the difference, ns; NaN = too few traced pairs */
    const char *kernels, *kernels_candidate; /* as the span that takes longest names them; NULL = none */
};
struct compare_attribution {
    const struct compare_case *whole; /* "decode/..." */
    struct compare_part *parts;       /* largest change first; waiting and what is outside are among them */
    size_t count;
    size_t pairs;        /* traced processes a side that were compared; 1 = no intervals */
    double base_ns;      /* of the whole, an iteration, not traced */
    double change_ns;    /* of it: what is to be explained */
    double residual_ns;  /* change of the whole that no part explains: change_ns - sum of the parts' changes */
    double predicted_ns; /* what the kernels' effects alone predict; NaN = no kernel was measured */
    struct stats_interval change, residual; /* ns; NaN = none */
};

struct comparison {
    struct store_run_row base, candidate;
    const char *base_name, *candidate_name; /* as the user called them: "main", "latest~1" */
    bool paired, identical_binaries;
    bool machines_differ;
    const char *machine_difference; /* "cpu_model: ... -> ...", or NULL */
    const char *environment_change; /* on the same machine: "kernel 6.1 -> 6.6", or NULL */
    struct compare_case *cases;     /* in the order of the base run, then what is new */
    size_t case_count;
    struct compare_group *groups; /* suites first (operation ""), then their operations */
    size_t group_count;
    struct compare_attribution *attributions;
    size_t attribution_count;
    size_t verdicts[JUDGE_VERDICT_COUNT];
    enum judge_verdict verdict; /* the worst: wrong, failed, regressed, undecided, improved, equivalent */
    size_t shared;              /* cases measured on both sides */
    const char **notes;         /* what a reader must know: not interleaved, other machine, few pairs, ... */
    size_t note_count;
    struct compare_options options;
};

/* names: as the user called the runs. Paired if they are the two sides of a stored comparison, which also says which
 * look it was. Fails only when the database does, or the filter is no expression; runs that share no case give
 * shared == 0. options may be NULL. */
int compare_runs(struct comparison *comparison, struct store *store, const struct store_run_row *base,
                 const struct store_run_row *candidate, const char *base_name, const char *candidate_name,
                 const struct compare_options *options, struct arena *arena, struct error *error);
/* The same of runs in two databases, which are never paired. A/A noise is the candidate's database's. */
int compare_runs_across(struct comparison *comparison, struct store *base_store, const struct store_run_row *base,
                        struct store *candidate_store, const struct store_run_row *candidate, const char *base_name,
                        const char *candidate_name, const struct compare_options *options, struct arena *arena,
                        struct error *error);
/* The same from rows that were read already (tests, looks of a running ab). comparison is zeroed, but for what the
 * caller knows: the rows of the runs, their names, identical_binaries. noise_of may be NULL: A/A noise of a case. */
typedef double compare_noise(void *context, const char *suite, const char *name);
void compare_cases(struct comparison *comparison, struct store_case *base, size_t base_count,
                   struct store_case *candidate, size_t candidate_count, bool paired, compare_noise *noise_of,
                   void *noise_context, const struct compare_options *options, struct arena *arena);
/* A metric that says how well it was measured, or bounds it, and nothing about the candidate ("run_delay_ns"). Judged
 * only when asked for. */
bool compare_is_diagnostic(const char *metric);
/* Cases of this suite are whole models, or may be: not single kernels and not parts of layers. */
bool compare_is_whole(const char *suite);
/* Regressed, wrong or failed first, by effect; then improved, undecided, equivalent. */
void compare_sort(const struct comparison *comparison, struct compare_case **sorted);
/* Each suite, then its operations but those of one case, which say what the case does. sorted has room for group_count;
 * returns how many there are. */
size_t compare_sort_groups(const struct comparison *comparison, const struct compare_group **sorted);
/* What the same code measured differently is no change, whatever the numbers alone say. */
enum judge_verdict compare_group_verdict(const struct compare_group *group);
/* "3 regressed, 1 improved, 20 equivalent, 2 undecided" */
const char *compare_line(const struct comparison *comparison, struct arena *arena);

#endif
