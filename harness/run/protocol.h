/* protocol.h: what a suite program prints, as samples. The protocol is Google Benchmark's list of names and JSON;
 * extra keys start with prony_ (docs/FORMATS.md). Works with the library from 1.5 on, whatever the language. */
#ifndef PRONY_RUN_PROTOCOL_H
#define PRONY_RUN_PROTOCOL_H

#include "harness/base/arena.h"
#include "harness/base/error.h"
#include "harness/store/store.h"

/* One case name a line, as --benchmark_list_tests prints them. Duplicates are dropped (the library allows them).
 * An empty list is no error. */
int protocol_parse_list(const char *text, size_t length, struct arena *arena, const char *const **names, size_t *count,
                        struct error *error);

/* Who says a metric: the benchmark's author, our library (prony_x), or its prony_counters. */
enum protocol_origin { PROTOCOL_AUTHOR, PROTOCOL_LIBRARY, PROTOCOL_COUNTER };

/* What a sample's record held: tells what a suite knows of what it was asked for. */
struct protocol_record {
    const enum protocol_origin *origins; /* of the sample's metrics */
    bool has_counters, has_spans;
};

struct protocol_output {
    struct store_sample *samples;    /* suite, round and process are left for the caller to fill in */
    struct protocol_record *records; /* of each sample */
    size_t sample_count;
    struct store_fact *context; /* what does not change from process to process: library version, build type, ... */
    size_t context_count;
};

/* The JSON of one process. Everything before or after the one object is an error: it means that the program is not
 * what we think it is. Aggregates (mean, BigO, ...) are dropped, every number that is not part of the schema becomes a
 * metric, each name once. A number that JSON cannot hold (NaN, Infinity) becomes an absent metric with that reason.
 * prony_ keys that are not what docs/FORMATS.md says are an error that names the case and the key. */
int protocol_parse(const char *text, size_t length, struct arena *arena, struct protocol_output *output,
                   struct error *error);

/* "^name$" with the characters escaped that a POSIX extended regular expression treats specially; several names
 * become "^(a|b)$". Owned by the caller. */
char *protocol_filter(const char *const *names, size_t count);

#endif
