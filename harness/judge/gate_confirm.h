/* gate_confirm.h: before anybody is woken by a step of a history, its two ends are measured again, in turns. Pure: what
 * is to be measured comes out of the gate's findings, and what was measured goes back into the comparison, which is
 * then judged once more.
 *
 *     gate_history_apply, gate_judge
 *     gate_confirm_plan       which commits against the judged one, and which cases
 *     gate_confirm_apply      for each of these pairs what `prony ab` says of it
 *     gate_judge              the verdict of the night
 *
 * Why it may overrule the history: a step says that times changed between two nights, not that the commits did it. The
 * pairs are new data, measured in turns, so their verdict needs no correction for having been chosen by the history. */
#ifndef PRONY_JUDGE_GATE_CONFIRM_H
#define PRONY_JUDGE_GATE_CONFIRM_H

#include "harness/judge/gate.h"

/* Of a suite that stepped as a whole so many cases are measured: those with the largest steps. */
enum { GATE_CONFIRM_GROUP_CASES = 24 };

/* One last good commit, and what stepped since. */
struct gate_confirm_pair {
    const char *good; /* commit; NULL = the runs of before tell none */
    int64_t good_run, good_ns;
    struct compare_case **cases; /* to be measured; of the comparison */
    size_t count;
    struct compare_group **groups; /* suites and operations that stepped as a whole */
    size_t group_count;
};
struct gate_confirm {
    struct gate_confirm_pair *pairs; /* those with the most cases first */
    size_t count;
};

/* What counts in the gate's answer (not what was acknowledged, or is only warned of) and is a step. Cases share a
 * commit where one lies on the old level of both, so there are as few pairs as can be. */
void gate_confirm_plan(struct gate_confirm *confirm, const struct comparison *comparison, const struct gate *gate,
                       struct arena *arena);
/* again: the pair's commits as `prony ab` measured them; its strings are copied. Confirmed: still regressed, by the new
 * numbers. Refuted: equivalent (or improved). Open: undecided. What again did not reach stays as the history says. */
void gate_confirm_apply(struct comparison *comparison, const struct gate_confirm_pair *pair,
                        const struct comparison *again, struct arena *arena);
/* Refuted without measuring, because: "both runs measured commit 3f2a91c0d1". */
void gate_confirm_refute(struct comparison *comparison, const struct gate_confirm_pair *pair, const char *because,
                         struct arena *arena);
/* Puts a line before the notes of the comparison. */
void gate_confirm_note(struct comparison *comparison, const char *text, struct arena *arena);
/* "1 confirmed, 2 not confirmed": the steps of the pair. */
const char *gate_confirm_line(const struct gate_confirm_pair *pair, struct arena *arena);
/* A note for each of the first refuted steps: reports say nothing about what is equivalent. */
void gate_confirm_note_refuted(struct comparison *comparison, const struct gate_confirm_pair *pair,
                               struct arena *arena);

#endif
