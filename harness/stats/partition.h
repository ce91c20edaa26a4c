/* partition.h: the cheapest way to cut a series into levels. Private to harness/stats. */
#ifndef PRONY_STATS_PARTITION_H
#define PRONY_STATS_PARTITION_H

#include <stddef.h>

/* Cuts where sum of min(r^2 / 2, PARTITION_BOUND^2 / 2) + penalty * (segments - 1) is least, r being the distance to
 * the segment's level in units of sigma > 0; segments have at least minimum values. The bound keeps single wild values
 * from buying a segment (Fearnhead, Rigaill 2019). Levels are those of a grid of sigma / 8 on which values lie.
 * cuts has room for count of them and gets the first index of each segment but the first, ascending. Returns their
 * number. Time: count times levels. */
#define PARTITION_BOUND 3.0
size_t stats_partition(const double *values, size_t count, double sigma, double penalty, size_t minimum, size_t *cuts);

#endif
