/* ab_study.h: how often the judgement errs, and what it finds, on noise that is known. It runs the functions that judge
 * real builds (compare_cases with its looks, sign flips, q-values, floors), on made-up processes. */
#ifndef PRONY_TESTS_AB_STUDY_H
#define PRONY_TESTS_AB_STUDY_H

#include "harness/base/rng.h"
#include <stddef.h>
#include <stdint.h>

enum study_noise {
    STUDY_GAUSSIAN,
    STUDY_AUTOCORRELATED, /* AR(1) with 0.3 */
    STUDY_DRIFT,          /* by 2 sd every 20 processes */
    STUDY_REGIMES,        /* one process in ten begins a new level, of sd 2 */
    STUDY_BIMODAL,        /* three processes in ten are 6 sd slower */
    STUDY_BURSTS,         /* somebody else's work comes and goes: half of the time processes are 10 to 40 sd slower */
    STUDY_NOISE_COUNT
};
const char *study_noise_name(enum study_noise noise);
/* What processes of the same build take, one after the other, in sd; sd is 1 but for the regimes. */
void study_make_noise(struct rng *rng, enum study_noise noise, double *values, size_t count);

/* Ways to take `pairs` processes a side, tested once. */
enum study_design { STUDY_SEQUENTIAL /* AAA...BBB, Mann-Whitney */, STUDY_ABBA /* compare_cases of pairs, one look */ };
/* In how many of so many runs p <= alpha, the candidate being slower by shift (in sd). */
size_t study_alarms(enum study_noise noise, enum study_design design, double shift, size_t pairs, size_t runs,
                    uint64_t seed);

/* What the whole of `prony ab` says: blocks and looks as it takes them, each case until it is decided. */
struct study_verdicts {
    size_t tests;
    size_t alarms;    /* p <= alpha at any look that was taken, alpha spent and floors left aside */
    size_t called;    /* by any look, before that was measured again */
    size_t regressed; /* and improved: */
    size_t improved, equivalent, undecided;
    size_t pairs; /* taken, of all cases */
};
enum { STUDY_CASES = 10 /* of a comparison: the family of its q-values */ };
/* changed: so many cases of each comparison are slower by shift; only those, or only the others, are counted. */
struct study_verdicts study_pipeline(enum study_noise noise, double shift, size_t changed, int count_changed,
                                     size_t comparisons, uint64_t seed);

#endif
