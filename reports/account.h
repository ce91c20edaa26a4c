/* account.h: where an iteration's time goes: kernel -> layer -> prefill or decode -> end to end, and what is left over.
 *
 * Built from the spans of one case (docs/METHOD.md says what their times mean) and, where the same run has them, from
 * the results of the kernels suite and the layers suite. A pure function of rows of the store. Operations + waiting +
 * unexplained = the iteration, always. */
#ifndef PRONY_REPORTS_ACCOUNT_H
#define PRONY_REPORTS_ACCOUNT_H

#include "harness/base/arena.h"
#include "harness/base/str.h"
#include "harness/store/store.h"

/* An operation, over all layers or in one; or a layer, over its operations. All of one iteration. */
struct account_row {
    const char *operation; /* NULL: a layer */
    int layer;             /* -1 = not one layer's */
    double calls, time_ns;
    double share;                              /* of the iteration, 0..1 */
    double bytes, flops;                       /* NaN = not known */
    double bytes_per_second, flops_per_second; /* NaN = not known */
    /* How long the operation's kernels would take as the kernels suite measured them alone, divided among all threads
     * without loss; NaN where the run has no such result for all of them. */
    double alone_ns;
    bool is_near; /* some of those were of the nearest shape that was measured, not of this one */
};

struct account {
    const struct store_case *source;
    double threads;
    double iteration_ns;                  /* of the traced sample */
    double timed_ns;                      /* median of the samples that were not traced; NaN without any */
    const struct account_row *operations; /* as they came first; without waiting */
    size_t operation_count;
    const struct account_row *layers; /* waiting included */
    size_t layer_count;
    double work_ns, waiting_ns, unexplained_ns; /* together the iteration */
    double idle_share;                          /* of the threads' time, 0..1; NaN = not known */
    /* Kernels: of the operations that have an alone_ns. */
    double alone_ns, alone_work_ns; /* what they would take, and what they take here; 0 = none */
    /* Layers suite: time of one layer and of the output by themselves; NaN where the run has no such case. */
    double layer_alone_ns, output_alone_ns;
};

/* cases: all of the run, source among them. Text and rows live in the arena or in the cases. False if source has no
 * spans. */
bool account_build(struct account *account, const struct store_case *source, const struct store_case *cases,
                   size_t case_count, struct arena *arena);

/* A table for a terminal, at most 100 columns, and for a Markdown page. With the heading. */
void account_write_text(const struct account *account, struct str *out);
void account_write_markdown(const struct account *account, struct str *out);
/* The sentences below the table, a line each. */
void account_write_notes(const struct account *account, struct str *out);

#endif
