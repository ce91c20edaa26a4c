/* gate_policy.h: a policy as the gate uses it. Only for harness/judge/gate*.c and its tests; others have gate.h.
 *
 * Rules apply in the order of the file: where several match, the last one that says something about a metric or an
 * event is obeyed. rules[0] is the head of the file (or the built-in policy), which matches every case. */
#ifndef PRONY_JUDGE_GATE_POLICY_H
#define PRONY_JUDGE_GATE_POLICY_H

#include "harness/judge/gate.h"

/* What something means for the gate. */
enum gate_action {
    GATE_ACTION_UNSET,
    GATE_ACTION_PASS,      /* not worth a word */
    GATE_ACTION_WARN,      /* said, but does not count */
    GATE_ACTION_UNDECIDED, /* exit 3 */
    GATE_ACTION_FAIL,      /* exit 1 */
    GATE_ACTION_REFUSE     /* exit 2 */
};
enum gate_event {
    GATE_EVENT_REGRESSED,      /* over budget */
    GATE_EVENT_UNDECIDED,      /* a suite (or operation) that could be over budget or not */
    GATE_EVENT_UNDECIDED_CASE, /* a case of a suite that is decided as a whole */
    GATE_EVENT_INSUFFICIENT,   /* too few samples, or earlier runs, to tell anything */
    GATE_EVENT_WRONG,          /* other output than the base */
    GATE_EVENT_FAILED,         /* measured on the base, an error on the candidate */
    GATE_EVENT_MISSING,        /* not there any more */
    GATE_EVENT_NEW,            /* not there before */
    GATE_EVENT_MISSED,         /* a target that is not met */
    GATE_EVENT_UNMEASURED,     /* a target whose metric nobody measured */
    GATE_EVENT_OTHER_MACHINE,  /* the two runs are of different machines; head only */
    GATE_EVENT_OUT_OF_BAND,    /* A/A finds other false-alarm rates than promised; head only */
    GATE_EVENT_COUNT
};
extern const char *const gate_event_names[GATE_EVENT_COUNT]; /* as the file says them */

enum gate_dimension { GATE_PLAIN, GATE_TIME, GATE_BYTES };

/* A number as people write it, in the base unit of its dimension: ns, B. */
struct gate_quantity {
    double value;
    enum gate_dimension dimension;
};
/* "500", "5 ms", "10 MB", "1.5 GiB". False if it is none. */
bool gate_quantity_parse(const char *text, struct gate_quantity *quantity);
/* "load_ms" -> "load", GATE_TIME, 1e6; "ipc" -> itself, GATE_PLAIN, 1. stem: room for the name. */
struct gate_unit {
    enum gate_dimension dimension;
    double scale; /* base units in one of these */
};
struct gate_unit gate_unit_of_name(const char *metric, char *stem, size_t stem_size);
/* "ns", "ms", "B", "MB"; anything else is GATE_PLAIN, 1. */
struct gate_unit gate_unit_of(const char *unit);

/* budget = real_time 2 %, +5 us: a change counts where it exceeds both. */
struct gate_budget {
    const char *metric;
    bool none;                     /* does not gate */
    double relative;               /* log ratio; NaN = not given */
    struct gate_quantity absolute; /* value NaN = not given */
    int line;
};
/* target = load_ms < 500 */
struct gate_target {
    const char *metric, *comparator; /* "<" "<=" ">" ">=" */
    struct gate_quantity limit;
    const char *text; /* "load_ms < 500" */
    int line;
};
struct gate_rule {
    const char *name; /* of its section, "" = none */
    int line;
    const char *suite, *pattern; /* NULL = any */
    enum gate_action actions[GATE_EVENT_COUNT];
    struct gate_budget *budgets;
    size_t budget_count;
    int tier; /* of its targets: index into gate_tier_names, -1 = required */
    struct gate_target *targets;
    size_t target_count;
};
struct gate_policy {
    const char *source; /* NULL = built-in */
    struct gate_rule *rules;
    size_t rule_count;
    size_t minimum_cases;
    int required_tier; /* -1 = none */
    const char *acknowledged, *branch;
    int recent, least_points; /* of histories: how many runs a step stays news; how many it takes to have a level */
};
extern const char *const gate_tier_names[GATE_TIER_COUNT];

#endif
