/* ceilings.h: what this CPU can do at most, measured once a process on first use, for percentages of it.
 *
 * Call outside timed regions: a first use takes some ten milliseconds. One thread. */
#ifndef PRONY_SUITES_CEILINGS_H
#define PRONY_SUITES_CEILINGS_H

#include "kernels/peak/peak.h"

enum { CEILINGS_LIMIT = 64 };

/* Zero bytes except features and stream_bytes = ready. */
struct ceilings {
    uint32_t features;            /* what kernels may use */
    size_t stream_bytes;          /* size of the arrays that memory rows walk */
    double rates[CEILINGS_LIMIT]; /* by index into peak_rows; 0 = not measured yet */
};

/* Flops a second of the ceiling for rows that need these features; 0 if there is none. */
double ceilings_flops(struct ceilings *ceilings, enum peak_class peak_class, uint32_t needs);
/* Bytes a second that one thread reads; 0 if there is no memory for the array. */
double ceilings_read_bandwidth(struct ceilings *ceilings);
/* A stream size that a last-level cache of l3_bytes does not hold, within reason. */
size_t ceilings_stream_bytes(size_t l3_bytes);

#endif
