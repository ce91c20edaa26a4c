/* gate_self_test.h: a gate that never fires is worse than none: does this one? */
#ifndef PRONY_CLI_GATE_SELF_TEST_H
#define PRONY_CLI_GATE_SELF_TEST_H

#include "harness/cli/judgement.h"

/* Measures the suite `sampling` against itself with every second draw done twice, and against an unchanged copy,
 * through the pipeline of `prony ab` and the gate with this policy, in a database of its own. *status: EXIT_OK if the
 * first is regressed and the second is not, else EXIT_COULD_NOT_RUN. Says on stdout what it saw. */
int gate_self_test(struct judging *judging, int *status, struct error *error);

#endif
