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

struct protocol_output {
    struct store_sample *samples; /* suite, round and process are left for the caller to fill in */
    size_t sample_count;
    struct store_fact *context; /* what does not change from process to process: library version, build type, ... */
    size_t context_count;
};

/* The JSON of one process. Everything before or after the one object is an error: it means that the program is not
 * what we think it is. Aggregates (mean, BigO, ...) are dropped, every number that is not part of the schema becomes a
 * metric. A number that JSON cannot hold (NaN, Infinity) becomes an absent metric with that reason. */
int protocol_parse(const char *text, size_t length, struct arena *arena, struct protocol_output *output,
                   struct error *error);

/* "^name$" with the characters escaped that a POSIX extended regular expression treats specially; several names
 * become "^(a|b)$". Owned by the caller. */
char *protocol_filter(const char *const *names, size_t count);

#endif
