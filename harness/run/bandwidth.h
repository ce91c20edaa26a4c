/* bandwidth.h: how fast memory is just now, roughly. Recorded with a run, never judged. */
#ifndef PRONY_RUN_BANDWIDTH_H
#define PRONY_RUN_BANDWIDTH_H

#include <stddef.h>

/* Triad of STREAM (McCalpin 1995), a[i] = b[i] + s c[i], by one thread over three arrays as large as the last cache, at
 * least 16 and at most 32 MiB each: bytes a second as STREAM counts them (24 an element), best of what fits into the
 * time, at least two passes. NaN where there is no memory for it. */
double bandwidth_measure(double seconds, size_t *array_bytes, int *passes);

#endif
