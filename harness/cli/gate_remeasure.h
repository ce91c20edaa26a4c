/* gate_remeasure.h: `prony gate --history --confirm`: what stepped is measured again in turns, the last good commit
 * against the judged one, before the gate answers. */
#ifndef PRONY_CLI_GATE_REMEASURE_H
#define PRONY_CLI_GATE_REMEASURE_H

#include "harness/cli/judgement.h"

#define GATE_REMEASURE_BUDGET_S 900.0

struct gate_remeasure_options {
    const char *repository; /* NULL = the one we are in */
    double budget_s;        /* of measuring, without builds; 0 = GATE_REMEASURE_BUDGET_S */
    struct option_list models;
    const char *command; /* for the record */
};

/* The comparison is one with a history, before judgement_conclude. What cannot be measured again (no git, a commit that
 * is gone or does not build any more, another machine) is said in a note and on stderr, and stays as the history says:
 * so this never fails. */
void gate_remeasure(struct comparison *comparison, struct judging *judging,
                    const struct gate_remeasure_options *options);

#endif
