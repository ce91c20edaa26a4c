/* profile_diff.h: two profiles side by side: what takes a larger or smaller share than before.
 *
 * Both are brought to one tree: threads are merged, frames are told apart by function and object only (lines move, and
 * what is inlined changes). Shares are of each side's own weight, so different lengths do not matter. Whether a change
 * is significant is tested on sample counts: two proportions (harness/stats), Benjamini-Hochberg at 5 % over all
 * frames, and over all functions. That says that the two recordings differ more than sampling explains; a run that
 * behaves differently each time differs, too. */
#ifndef PRONY_REPORTS_PROFILE_DIFF_H
#define PRONY_REPORTS_PROFILE_DIFF_H

#include "reports/profile.h"

#define PROFILE_DIFF_RATE 0.05

enum { PROFILE_BASELINE, PROFILE_CANDIDATE };

struct profile_diff_function {
    uint32_t frame;
    double flat[2], cumulative[2]; /* shares, 0..1; by enum above */
    double flat_p, cumulative_p;   /* NaN = not known */
    bool flat_changed, cumulative_changed;
};

struct profile_diff {
    const struct profile *sides[2];
    struct stacks *weights[2]; /* the same nodes and frames on both sides, each with its own weights */
    struct stacks *counts[2];  /* the same with sample counts as weights */
    bool counted;              /* both sides know their sample counts: significance is known */
    double *p;                 /* by node */
    bool *changed;
    struct profile_diff_function *functions; /* the largest change of a share first */
    size_t function_count;
};

/* Fails if units or kinds differ, or a side is empty. The profiles must outlive it. */
int profile_diff_make(struct profile_diff *diff, const struct profile *baseline, const struct profile *candidate,
                      struct error *error);
void profile_diff_release(struct profile_diff *diff);

typedef int profile_diff_writer(const struct profile_diff *diff, const struct profile_options *options, struct str *out,
                                struct error *error);
struct profile_diff_format {
    const char *name, *extension;
    bool file_only, table;
    profile_diff_writer *write;
};
extern const struct profile_diff_format profile_diff_formats[];
extern const size_t profile_diff_format_count;
const struct profile_diff_format *profile_diff_format_find(const char *name);
const struct profile_diff_format *profile_diff_format_of_path(const char *path);

profile_diff_writer profile_diff_text, profile_diff_markdown, profile_diff_html, profile_diff_folded;
/* The biggest changes as an HTML table, with a sentence about the test. */
void profile_diff_html_table(const struct profile_diff *diff, size_t top, struct str *out);
/* "BASELINE -> CANDIDATE", or the title that both have. In the arena. */
const char *profile_diff_title(const struct profile_diff *diff, struct arena *arena);
const char *profile_diff_note(const struct profile_diff *diff, struct arena *arena);

#endif
