/* shape.h: whether values lean to one side or come in two groups. Private to harness/stats. */
#ifndef PRONY_STATS_SHAPE_H
#define PRONY_STATS_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

enum { STATS_SHAPE_LEAST_COUNT = 10 }; /* fewer values have no shape */

/* Mean and median differ at the 1 % level (Miao, Gel, Gastwirth 2006). sorted: ascending, as below. */
bool stats_is_skewed(const double *sorted, size_t count);
/* Some cut between the values leaves two groups, of a fifth of them each at least, that lie farther apart than those of
 * 99 % of uniform samples, in Ashman's D (Ashman, Bird, Zepf 1994). The uniform distribution is the hardest of those
 * with one mode. */
bool stats_is_bimodal(const double *sorted, size_t count);

#endif
