/* gate_night.h: a run against the history of its machine, for `prony gate --history`: which run, of which branch, after
 * which, and its judgement. The sides of `prony ab` are no nights: they are measured in a day's work, on any commit. */
#ifndef PRONY_CLI_GATE_NIGHT_H
#define PRONY_CLI_GATE_NIGHT_H

#include "harness/cli/judgement.h"

/* Runs of the database, newest first, without sides of comparisons. */
struct gate_nights {
    struct store_run_row *runs;
    size_t count;
};
int gate_night_load(struct gate_nights *nights, struct store *store, struct arena *arena, struct error *error);
/* Whose history: asked for, else the policy's, else the run's own. NULL = the run is on none: all. */
const char *gate_night_branch(const struct store_run_row *run, const char *asked, const struct gate_policy *policy);
/* The newest complete run of the same plan on the same machine and branch before this one; NULL = there is none. */
const struct store_run_row *gate_night_previous(const struct gate_nights *nights, const struct store_run_row *run,
                                                const char *branch);
/* Judges the comparison with the run before against the history. */
int gate_night_apply(struct comparison *comparison, struct store *store, const char *branch,
                     const struct gate_policy *policy, struct arena *arena, struct error *error);

#endif
