/* progress.h: what a person sees while a run lasts. On a terminal one line that redraws itself; elsewhere one line a
 * round. Always on the talk stream (stderr). */
#ifndef PRONY_RUN_PROGRESS_H
#define PRONY_RUN_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct progress {
    FILE *stream;
    bool is_terminal, is_quiet;
    int columns;       /* width of the terminal */
    const char *phase; /* "counters"; NULL = "round" */
    int round, round_count;
    size_t done, total; /* processes of the whole run */
    size_t sample_count, failure_count;
    double estimated_left_s; /* below 0 = unknown */
    int64_t started_ns, round_started_ns;
    size_t round_samples; /* sample_count when the round began */
    char current[128];
};

/* Looks at the stream whether it is a terminal. */
void progress_begin(struct progress *progress, FILE *stream, bool quiet, int64_t now_ns);
void progress_round_begin(struct progress *progress, int round, int64_t now_ns);
void progress_round_end(struct progress *progress, int64_t now_ns);
/* What is running now; redraws. */
void progress_show(struct progress *progress, const char *current, int64_t now_ns);
/* Redraws, so that the clock moves while a case runs. */
void progress_tick(struct progress *progress, int64_t now_ns);
/* Takes the line away, so that something else can be printed. The next show or tick draws it again. */
void progress_clear(struct progress *progress);

#endif
