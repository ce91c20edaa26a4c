/* gate_internal.h: what the files of the gate share while it judges. */
#ifndef PRONY_JUDGE_GATE_INTERNAL_H
#define PRONY_JUDGE_GATE_INTERNAL_H

#include "harness/judge/gate_policy.h"
#include <regex.h>

/* Cases of a suite about which nothing can be said, for want of samples: one finding for all of them. */
struct gate_short {
    const char *suite, *reason;
    enum gate_action action;
    size_t count;
};

/* One call of gate_judge. */
struct gate_work {
    const struct gate_input *input;
    struct gate *gate;
    struct arena *arena;
    regex_t *rules, *excuses;     /* compiled patterns of policy and acknowledgements */
    bool *rule_used;              /* some case matched */
    struct gate_short shorts[16]; /* of the running comparison; suites beyond share the last */
    size_t short_count;
    size_t finding_capacity, warning_capacity;
};

/* ---- gate_match.c ---- */

/* The rules that match a case, in the order of the file. */
struct gate_matched {
    const struct gate_rule **rules;
    size_t count;
};
void gate_match_open(struct gate_work *work);
void gate_match_close(struct gate_work *work);
/* name NULL: the suite as a whole, for which rules with a pattern say nothing. */
struct gate_matched gate_match(struct gate_work *work, const char *suite, const char *name);
enum gate_action gate_match_action(const struct gate_matched *matched, enum gate_event event);
/* NULL = that metric does not gate. */
const struct gate_budget *gate_match_budget(const struct gate_matched *matched, const char *metric);

/* ---- gate_excuse.c ---- */

struct gate_excuse {
    const struct gate_acknowledgement *item; /* NULL = nobody says anything about it */
    bool holds;                              /* else expired, or for less than this */
    const char *why_not;                     /* in the arena */
};
/* effect: log ratio towards worse; NaN where up_to does not matter. commit: of the candidate, or NULL. */
struct gate_excuse gate_excuse_find(struct gate_work *work, const char *suite, const char *name, const char *metric,
                                    double effect, const char *commit);
void gate_excuse_apply(struct gate_finding *finding, const struct gate_excuse *excuse, struct arena *arena);

/* ---- gate_budget.c ---- */

/* What a budget allows for this metric, as a log ratio. */
double gate_budget_limit(const struct gate_budget *budget, const struct compare_metric *measure);
enum judge_verdict gate_budget_verdict(const struct compare_metric *measure, double limit);
/* +: worse, in either direction of better. */
double gate_budget_effect(const struct compare_metric *measure);
/* The absolute limit in the metric's own unit; NaN = the budget has none, or one of another dimension. */
double gate_budget_absolute(const struct gate_budget *budget, const struct compare_metric *measure);

/* ---- gate_case.c ---- */

void gate_judge_comparison(struct gate_work *work, struct comparison *comparison);

/* ---- gate_target.c ---- */

void gate_judge_targets(struct gate_work *work);

/* ---- gate_metric.c ---- */

/* What Prony itself can measure, asked for or not. */
bool gate_metric_is_known(const char *name);
/* Warns of budgets whose metric no case has. */
void gate_metric_check(struct gate_work *work);
/* "; did you mean load_ms?" of the metrics of the rule's cases, or "". */
const char *gate_metric_suggest(const struct gate_work *work, const struct gate_rule *rule, const char *metric);

/* ---- gate_text.c ---- */

const char *gate_text_measure(struct arena *arena, const char *where, const struct gate_finding *finding);
/* Texts of findings do not name the suite: that is a field of its own. */
#define GATE_TEXT_WHERE(name) ((name) ? (name) : "all cases")
const char *gate_text_percent(struct arena *arena, double log_ratio); /* "5.1 %" */
/* A value in the unit of its metric: "12.3 ms". */
const char *gate_text_value(struct arena *arena, double value, const char *unit);

/* ---- gate_history.c ---- */

/* Counts the verdicts of a comparison whose cases got others. */
void gate_history_count(struct comparison *comparison);
/* Puts a note before the others. */
void gate_history_note(struct comparison *comparison, const char *text, struct arena *arena);

/* ---- gate.c ---- */

/* The finding gets the status that the action stands for, and counts. Returns the stored one, valid until the next. */
struct gate_finding *gate_add(struct gate_work *work, const struct gate_finding *finding, enum gate_action action);
void gate_warn(struct gate_work *work, const char *text);
const char *gate_commit_of(const struct store_run_row *run);

#endif
