/* gate_history.h: a run against the history of its machine. Pure: a comparison with the run before and histories in,
 * the same comparison with times judged against their levels out.
 *
 * A night that looks slow is not a regression yet: single runs are outliers on every machine. What counts is a step
 * that the detector of harness/stats/change_points.h confirms (three runs on its far side), for as long as it is
 * recent. A run beyond everything that its level has seen is undecided: measure again, or `prony ab` the two commits.
 */
#ifndef PRONY_JUDGE_GATE_HISTORY_H
#define PRONY_JUDGE_GATE_HISTORY_H

#include "harness/judge/history.h"

/* How far one run or two must be from their level, in its spread, before it is worth a word. */
#define GATE_HISTORY_SUSPECT 4.0
/* What makes a step of it: so many runs on the far side, and so small a p. */
#define GATE_HISTORY_CONFIRMED 3
#define GATE_HISTORY_P         5e-4

struct gate_history_options {
    int recent;       /* a step is news in so many runs; then it is the level */
    int least_points; /* earlier runs that it takes to know a level */
};
/* What the policy says. */
struct gate_history_options gate_history_options_of(const struct gate_policy *policy);
/* The policy's branch, NULL = none named. */
const char *gate_history_branch(const struct gate_policy *policy);

/* histories[i] belongs to comparison->cases[i]: its real_time, run of the candidate included or not; count 0 = none.
 * Steps before a pinned point are accepted. Cases that failed or are wrong stay as they are. */
void gate_history_apply(struct comparison *comparison, const struct history *histories,
                        const struct gate_history_options *options, struct arena *arena);

#endif
