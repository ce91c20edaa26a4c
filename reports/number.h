/* number.h: how a quantity is written: one unit and one scale for a median and its interval, four significant digits.
 */
#ifndef PRONY_REPORTS_NUMBER_H
#define PRONY_REPORTS_NUMBER_H

#include "harness/stats/stats.h"
#include <stddef.h>

enum number_kind {
    NUMBER_TIME_NS,    /* nanoseconds in, ns us ms s out */
    NUMBER_TIME_MS,    /* milliseconds in, the same out */
    NUMBER_TOKEN_RATE, /* tok/s, from 10,000 ktok/s */
    NUMBER_FLOP_RATE,  /* flop/s in, MFLOP/s GFLOP/s TFLOP/s out (powers of 1000) */
    NUMBER_BYTE_RATE,  /* B/s in, kB/s MB/s GB/s out (powers of 1000) */
    NUMBER_BYTES,      /* B KiB MiB GiB (powers of 1024) */
    NUMBER_PERCENT,    /* 0..100 */
    NUMBER_COUNT,      /* no unit; from 10,000 with k M G T (powers of 1000) */
    NUMBER_PLAIN       /* no unit, as short as it goes */
};

struct number_scale {
    double factor;    /* shown = value * factor */
    const char *unit; /* "" for NUMBER_PLAIN; "k" and so on for NUMBER_COUNT */
};

/* By a metric's name and unit as the store has them: "peak_rss_bytes" with "B" -> NUMBER_BYTES. */
enum number_kind number_kind_of(const char *name, const char *unit);
/* The scale that shows `typical` with one to three digits before the point. */
struct number_scale number_scale(enum number_kind kind, double typical);
/* Four significant digits, never an exponent between 0.001 and 1e7; "n/a" if not finite. Returns buffer (32 bytes). */
char *number_digits(char *buffer, size_t size, double value);
char *number_digits_n(char *buffer, size_t size, double value, int significant);
/* "12.34 ms" into buffer (48 bytes); returns it. */
char *number_text(char *buffer, size_t size, enum number_kind kind, double value);
/* "18.52 – 19.04" in that scale, "" without an interval; separator is put between the two. Buffer of 80 bytes. */
char *number_interval(char *buffer, size_t size, struct number_scale scale, struct stats_interval interval,
                      const char *separator);

#endif
