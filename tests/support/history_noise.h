/* history_noise.h: kinds of noise that histories of benchmarks have, of mean about 0 and sd 1 unless said, seeded. */
#ifndef PRONY_TESTS_HISTORY_NOISE_H
#define PRONY_TESTS_HISTORY_NOISE_H

#include "harness/base/rng.h"
#include <stddef.h>

enum history_noise {
    HISTORY_GAUSS,
    HISTORY_LOGNORMAL,  /* skewed: exp of a normal with sd 0.8, scaled to sd 1 */
    HISTORY_CORRELATED, /* first order, 0.5 */
    HISTORY_SPIKES,     /* gauss, and 5 % of the values 5 to 20 sd higher */
    HISTORY_BIMODAL,    /* sd 0.5, and 30 % of the values 4 higher */
    HISTORY_NOISE_COUNT
};
const char *history_noise_name(enum history_noise kind);
void history_noise_make(struct rng *rng, enum history_noise kind, double *noise, size_t count);

/* A history of level 1000 with that noise of sd `sd` (relative); from `at` on a step to 1000 (1 + step). */
void history_make(struct rng *rng, enum history_noise kind, double sd, size_t at, double step, double *values,
                  size_t count);

#endif
