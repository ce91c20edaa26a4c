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
    enum gate_status status;  /* GATE_PASS also for acknowledged ones */
    const char *suite, *name; /* name NULL: the whole suite */
    const char *metric, *unit;
    const struct compare_case *source;    /* NULL for targets */
    const struct compare_metric *measure; /* what was judged; NULL for targets and failures */
    double actual, limit; /* in the metric's unit, or log ratio for relative budgets; NaN = not measured */
    bool relative;
    const char *comparator; /* of targets: "<" */
    const char *tier;       /* of targets: "usable"; NULL = required */
    const char *text;       /* one line: "matmul/q4_0: real_time +5.1 % [+4.2, +6.0], budget 2 %" */
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
};

#endif
