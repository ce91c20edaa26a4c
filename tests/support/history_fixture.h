/* history_fixture.h: fills a store with the runs of many days, the same on every machine: a branch that grows by a
 * commit a day, with known steps; other branches, plans and machines; comparisons in pairs, and A/A.
 *
 * What the cases of the suites "kernels", "generate" and "tokenizer" do (the index counts runs on main from 0):
 *   history_fixture_regressed  +6 % of time from run 3/5 n on
 *   history_fixture_improved   -9 % of time from run 3/10 n on
 *   history_fixture_steady     nothing; 0.8 % noise
 *   history_fixture_noisy      two modes, 4 % apart, at random
 *   history_fixture_new        measured from run 4/5 n on only
 *   history_fixture_gone       not measured from run 1/2 n on
 * All others are steady. "filler" suites hold the many cases of large fixtures. */
#ifndef PRONY_TESTS_HISTORY_FIXTURE_H
#define PRONY_TESTS_HISTORY_FIXTURE_H

#include "harness/store/store.h"

struct history_fixture {
    int runs;         /* on branch main, one a day and commit; at least 1 */
    int processes;    /* samples a case and run; at least 1 */
    int filler_cases; /* further steady cases in suites filler0..3 */
    bool branches;    /* a run of two other branches, of another plan and of another machine each, and a tag */
    bool comparisons; /* an "ab" with one regressed case, and three "aa" with their outcomes */
    bool explained;   /* the newest run has counters, memory, checks, a profile and a failure */
};

/* Numbers of what was added; 0 = was not asked for. */
struct history_fixture_result {
    int64_t first_run, newest_run; /* of main */
    int64_t baseline_run;          /* tagged "baseline" */
    int64_t ab_base, ab_candidate, ab;
    int regressed_at, improved_at; /* index of the first run on the new level */
};

extern const char history_fixture_suite[]; /* of the six: "kernels" */
extern const char history_fixture_regressed[], history_fixture_improved[], history_fixture_steady[],
    history_fixture_noisy[], history_fixture_new[], history_fixture_gone[];

/* result may be NULL. */
int history_fixture_fill(struct store *store, const struct history_fixture *fixture,
                         struct history_fixture_result *result, struct error *error);

#endif
