/* judge.h: words that all judgements share. */
#ifndef PRONY_JUDGE_JUDGE_H
#define PRONY_JUDGE_JUDGE_H

#include <stdbool.h>
#include <stddef.h>

enum judge_verdict {
    JUDGE_REGRESSED,  /* worse by more than the floor, and not by luck */
    JUDGE_IMPROVED,   /* better by more than the floor, and not by luck */
    JUDGE_EQUIVALENT, /* the whole interval lies within the floor */
    JUDGE_UNDECIDED,  /* could be either: more samples would tell, or there are too few to tell anything */
    JUDGE_WRONG,      /* the candidate computes something else than the base: speed does not count */
    JUDGE_FAILED,     /* measured on the base, but failed or missing on the candidate */
    JUDGE_NEW,        /* not on the base: nothing to compare with */
    JUDGE_VERDICT_COUNT
};
const char *judge_verdict_name(enum judge_verdict verdict); /* "regressed" */

#define JUDGE_CONFIDENCE 0.95
#define JUDGE_ALPHA      0.05
#define JUDGE_POWER      0.8  /* of the minimum detectable effect */
#define JUDGE_FLOOR      0.01 /* least effect that matters, of log(ratio) */
/* Two stored runs are apart in time: whatever drifted in between counts as effect. */
#define JUDGE_FLOOR_UNPAIRED 0.03
#define JUDGE_LEAST_PAIRS    6 /* 2 / 2^6 < 0.05; fewer can never tell */

/* 1.023 -> 2.3: a log ratio as percent of change. */
double judge_percent(double log_ratio);
/* Whether more of this metric is better ("tokens_per_second"), by its name and unit. */
bool judge_higher_is_better(const char *metric, const char *unit);

#endif
