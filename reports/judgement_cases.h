/* judgement_cases.h: what the gate says, case by case: for the formats that list cases and mark the failed ones (JUnit,
 * SARIF, annotations). Without a gate the verdicts of the comparisons stand for it. */
#ifndef PRONY_REPORTS_JUDGEMENT_CASES_H
#define PRONY_REPORTS_JUDGEMENT_CASES_H

#include "reports/judgement.h"

/* Short: a target was missed that is no must. */
enum judgement_level { JUDGEMENT_FINE, JUDGEMENT_SHORT, JUDGEMENT_OPEN, JUDGEMENT_ACKNOWLEDGED, JUDGEMENT_BAD };

/* One case of one comparison, or a finding that belongs to none (targets, whole suites). */
struct judgement_entry {
    const struct comparison *comparison; /* NULL without one */
    const struct compare_case *item;     /* NULL: finding says what it is about */
    const struct gate_finding *finding;  /* the worst about it; NULL = none */
    const char *suite, *name;            /* name "" = the whole suite; suite "gate" = all of them */
    const char *metric;
    enum judgement_level level;
    const char *kind; /* "regressed", "wrong output", "failed", "undecided", "target", "over budget", "insufficient" */
    size_t order;     /* of judgement_worst: equals keep their order */
    const char *message; /* one line with the numbers; NULL where there is nothing to say */
};

/* In the order of the comparisons, then the findings; in the arena. */
struct judgement_entry *judgement_entries(const struct judgement *judgement, size_t *count, struct arena *arena);
/* The same, the worst first; what is fine or merely short is left out. */
struct judgement_entry *judgement_worst(const struct judgement *judgement, size_t *count, struct arena *arena);

#endif
