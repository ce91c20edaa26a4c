/* record_case.h: profiles of the cases of a suite, each in a process of its own, and profiles in the database. */
#ifndef PRONY_RUN_RECORD_CASE_H
#define PRONY_RUN_RECORD_CASE_H

#include "harness/run/record.h"
#include "harness/run/runner.h"

/* Profiles one case. settings: how; program, environment, CPUs and limits are the suite's. A process that failed is
 * profiled all the same: *reason says how, in the arena; NULL if it did not. */
int record_case(const struct runner *runner, const struct runner_suite *suite, size_t case_index,
                const struct record_request *settings, struct arena *arena, struct stacks **stacks,
                struct record_info *info, bool *interrupted, const char **reason, struct error *error);

/* The profile as the store knows it; its texts are those of info and the arguments. suite, name: NULL of a command. */
struct store_profile record_describe(const struct record_info *info, const char *suite, const char *name,
                                     const char *title);

/* A run that is nothing but profiles. */
int record_run_begin(struct store *store, const char *command, int64_t *run_id, struct error *error);

#endif
