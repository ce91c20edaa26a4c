/* gate.h: pass or fail, by a policy that people wrote. Pure: comparisons and cases in, findings out.
 *
 * The policy file is described in docs/FORMATS.md: budgets by suite, case and metric, targets, tiers, acknowledgements.
 */
#ifndef PRONY_JUDGE_GATE_H
#define PRONY_JUDGE_GATE_H

#include "harness/base/arena.h"
#include "harness/base/error.h"
#include "harness/judge/calibration.h"
#include "harness/judge/compare.h"

/* Exit statuses of prony. */
enum gate_status { GATE_PASS = 0, GATE_REGRESSED = 1, GATE_COULD_NOT_RUN = 2, GATE_UNDECIDED = 3 };
const char *gate_status_name(enum gate_status status); /* "pass" */

enum gate_kind {
    GATE_BUDGET, /* of a change: relative or absolute */
    GATE_TARGET, /* of a value: "load_ms < 500" */
    GATE_OUTPUT, /* other output than the base */
    GATE_FAILURE /* failed or missing case */
};

struct gate_finding {
    enum gate_kind kind;
    enum gate_status status;    /* what it adds to the gate's: GATE_PASS also for acknowledged and merely warned ones */
    enum judge_verdict verdict; /* what the evidence says against this rule, whatever the policy makes of it */
    const char *suite, *name;   /* name NULL: the whole suite */
    const char *metric, *unit;
    const struct compare_case *source;    /* NULL for targets */
    const struct compare_metric *measure; /* what was judged; NULL for targets and failures */
    double actual, limit; /* in the metric's unit, or log ratio for relative budgets; NaN = not measured */
    bool relative;
    const char *comparator; /* of targets: "<" */
    const char *tier;       /* of targets: "usable"; NULL = required */
    const char *outcome;    /* a word for tables: regressed, failed, acknowledged, ...; met, missed, not measured */
    const char *text; /* one line, without the suite: "matmul/q4_0: real_time +5.1 % [+4.2, +6.0], budget 2.0 %" */
    const char *acknowledged_by, *acknowledged_reason, *acknowledged_until; /* NULL = not acknowledged */
};

enum { GATE_TIER_COUNT = 4 };
struct gate_tier {
    const char *name; /* functional, usable, competitive, optimized */
    size_t met, count, unknown;
    bool reached; /* this one and all below */
};

struct gate {
    enum gate_status status;
    struct gate_finding *findings; /* failures first */
    size_t count;
    struct gate_tier tiers[GATE_TIER_COUNT];
    size_t judged;         /* cases that a rule looked at; 0 = could not run */
    const char **warnings; /* A/A out of band, expired acknowledgements, rules that match nothing */
    size_t warning_count;
    const char *policy; /* file name, or NULL = built-in */
    const char *line;   /* "gate: regressed: 2 of 40 cases over budget, 1 undecided (policy ci/nightly.policy)" */
};

/* ---- policy and acknowledgements (gate_policy.c, gate_acknowledgement.c) ---- */

struct gate_policy;
/* path NULL = the built-in policy. The error names file and line. Lives in the arena. */
int gate_policy_load(const struct gate_policy **policy, const char *path, struct arena *arena, struct error *error);
int gate_policy_parse(const struct gate_policy **policy, const char *source, const char *text, size_t length,
                      struct arena *arena, struct error *error);

/* "This may be slower, because": what a person takes responsibility for, until a day. */
struct gate_acknowledgement {
    const char *source; /* file */
    int line;
    const char *suite, *pattern, *metric; /* pattern: of cases, POSIX extended; suite, metric NULL = any */
    double up_to;                         /* log ratio */
    const char *reason, *author, *until;  /* until: "2026-12-31", the last day on which it holds (UTC) */
    const char *commit;                   /* only where the candidate is this commit; NULL = any */
    int64_t until_ns;                     /* end of that day */
};
struct gate_acknowledgements {
    struct gate_acknowledgement *items;
    size_t count;
};
/* An acknowledgement without reason, author or until is an error that names file and line. */
int gate_acknowledgements_load(struct gate_acknowledgements *acknowledgements, const char *path, struct arena *arena,
                               struct error *error);
int gate_acknowledgements_parse(struct gate_acknowledgements *acknowledgements, const char *source, const char *text,
                                size_t length, struct arena *arena, struct error *error);
/* The file that the policy names, relative to the policy's own; NULL = none. */
const char *gate_policy_acknowledged(const struct gate_policy *policy);

/* ---- judging (gate.c) ---- */

struct gate_input {
    const struct gate_policy *policy;
    const struct gate_acknowledgements *acknowledgements; /* may be NULL */
    struct comparison *comparisons;                       /* candidates against a base; acknowledged cases are marked */
    size_t comparison_count;
    const struct store_case *cases; /* what targets look at: the candidate run; NULL = the comparisons' candidates */
    size_t case_count;
    const struct calibration *calibration; /* may be NULL */
    bool partial;           /* only some cases were asked for: rules without a case are not worth a warning */
    const char *uncompared; /* why there is nothing to compare with yet ("the first run of this plan"), or not for all
                             * cases; NULL = there is */
    int64_t now_ns;         /* UTC: which acknowledgements have expired */
};
/* Everything of *gate lives in the arena and points into the input. */
void gate_judge(struct gate *gate, const struct gate_input *input, struct arena *arena);

#endif
