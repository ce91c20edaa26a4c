/* peak.h: the ceilings of a roofline (Williams, Waterman, Patterson 2009): how fast this CPU multiplies and adds when
 * nothing else stands in the way, and how fast it streams memory.
 *
 * An arithmetic row runs independent chains of one instruction on registers. It needs no memory, so its rate depends on
 * clock and instruction set only. A memory row walks arrays once. */
#ifndef PRONY_KERNELS_PEAK_H
#define PRONY_KERNELS_PEAK_H

#include "kernels/kernel.h"

enum peak_class {
    PEAK_F32,  /* fused (or separate) multiply and add of f32 */
    PEAK_INT8, /* products of 8-bit integers summed in 32 bits */
    PEAK_BF16, /* products of bf16 summed in f32 */
    PEAK_READ, /* bytes: sum of an array */
    PEAK_COPY, /* bytes: a = b, read and written bytes counted (not the line fetched before a write) */
    PEAK_TRIAD /* bytes: a = b + s c (McCalpin's STREAM) */
};

/* Does steps times the row's work; the result depends on all of it. */
typedef double peak_compute_function(size_t steps);
/* count floats of each array; arrays the row does not use may be NULL. */
typedef double peak_stream_function(float *a, const float *b, const float *c, size_t count);

struct peak_row {
    const char *name; /* the file's stem: "peak_f32__avx512" */
    enum peak_class peak_class;
    uint32_t needs;                 /* enum cpu_feature bits */
    peak_compute_function *compute; /* NULL for memory rows */
    double flops;                   /* of one step; a multiply-add counts 2 */
    peak_stream_function *stream;   /* NULL for arithmetic rows */
    double bytes;                   /* per float of count */
};

/* All rows; of one class the widest instruction set first. */
extern const struct peak_row peak_rows[];
extern const size_t peak_row_count;

/* The row of a class for code that may use these features, NULL if there is none. */
const struct peak_row *peak_find(enum peak_class peak_class, uint32_t features);

#endif
