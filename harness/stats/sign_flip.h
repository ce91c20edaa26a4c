/* sign_flip.h: the sign-flip permutation test of a trimmed mean. Private to harness/stats. */
#ifndef PRONY_STATS_SIGN_FLIP_H
#define PRONY_STATS_SIGN_FLIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Two-sided p of "the differences are symmetric around 0". sorted: ascending. exact: all flips were tried. */
double stats_sign_flip_p(const double *sorted, size_t count, uint64_t seed, bool *exact);

#endif
