/* profile.h: one profile, written down: for the programs that read profiles, as tables, and as flame graphs.
 *
 * To add a format: write reports/profile_<name>.c with a profile_writer, declare it here, add a row to the table in
 * profile_formats.c. Weights are in the profile's unit; shares are of the weight of all its stacks. */
#ifndef PRONY_REPORTS_PROFILE_H
#define PRONY_REPORTS_PROFILE_H

#include "harness/base/arena.h"
#include "harness/base/error.h"
#include "harness/base/stacks.h"
#include "harness/base/str.h"
#include "harness/store/store.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct profile {
    struct store_profile about;  /* of a file: title, kind and unit at least; the other texts may be NULL */
    const struct stacks *stacks; /* NULL where only about is known: then only profile_summary may be asked */
    int64_t id;                  /* in the database; 0 = from a file */
};

struct profile_options {
    size_t top; /* rows of a table of functions */
};

/* Appends the whole profile to out; may be binary. */
typedef int profile_writer(const struct profile *profile, const struct profile_options *options, struct str *out,
                           struct error *error);

struct profile_format {
    const char *name;      /* "html" */
    const char *extension; /* ".html" */
    bool file_only;        /* never written to a terminal unless asked for with -o - */
    bool table;            /* text for people: several profiles may follow each other */
    profile_writer *write;
};

extern const struct profile_format profile_formats[];
extern const size_t profile_format_count;

/* NULL if there is none. */
const struct profile_format *profile_format_find(const char *name);
/* By the longest extension that path ends in, or NULL. */
const struct profile_format *profile_format_of_path(const char *path);
/* Where the number-th of several profiles goes, from 1: path itself, then path with -2, -3, ... before the extension
 * (behind the name where it ends otherwise). In the arena, or path. */
const char *profile_numbered_path(const char *path, const char *extension, size_t number, struct arena *arena);

profile_writer profile_text, profile_markdown, profile_html, profile_folded, profile_speedscope, profile_pprof,
    profile_encoded;

/* ---- for a page that shows a run (profile_fragment.c) ---- */

/* The style that fragments need, once a page; colours follow the page's light or dark mode. */
void profile_html_style(struct str *out);
/* Title, a small flame graph without script, the top functions. href: where the interactive one lies; NULL = a line
 * that says how to make it. */
void profile_html_fragment(const struct profile *profile, const char *href, struct str *out);
/* The top functions alone, as an HTML table. */
void profile_html_table(const struct profile *profile, size_t top, struct str *out);

/* ---- files (profile_read.c) ---- */

/* A file of folded stacks, of encoded stacks (harness/base/stacks.h), or what `perf script` prints: told apart by what
 * is inside. unit says what the numbers of folded stacks are; NULL = "samples". Fills about (its strings lie in the
 * arena) and *stacks, which the caller releases; profile->stacks points to them. */
int profile_read(const char *path, const char *unit, struct arena *arena, struct profile *profile,
                 struct stacks **stacks, struct error *error);

/* The same stacks without frames of inlined functions, whose weight goes to the function around them
 * (profile_inline.c). */
struct stacks *profile_without_inlined(const struct stacks *stacks);

/* ---- shared by the formats (profile_value.c) ---- */

/* "1.234 s", "12.5 MiB", "1,234 samples": a weight in the profile's unit. buffer: at least 48 bytes; returned. */
char *profile_value(char *buffer, size_t size, const char *unit, double value);
/* "cpu-clock at 499 Hz, 2,490 samples in 5.00 s; 3 lost; user frames only" */
const char *profile_summary(const struct profile *profile, struct arena *arena);
/* The weight and the samples of all stacks. */
uint64_t profile_total(const struct profile *profile);
uint64_t profile_samples(const struct profile *profile);

#endif
