/* report_fixture.h: fills a store with made-up but realistic measurements, the same on every machine. */
#ifndef PRONY_TESTS_REPORT_FIXTURE_H
#define PRONY_TESTS_REPORT_FIXTURE_H

#include "harness/store/store.h"

struct report_fixture {
    int rounds;     /* processes a case */
    bool many;      /* several models, formats, shapes, threads: more than 200 cases */
    bool problems;  /* failed suites, errors, skips, contaminated and noisy samples */
    bool hostile;   /* names and messages that try to break out of HTML, Markdown, gnuplot and the terminal */
    bool explained; /* checks, counters in every state, callgrind, memory, spans, a profile */
    bool no_suites; /* only a foreign Google Benchmark program: no ceilings, no generate */
};

/* Adds one complete run and gives its id. */
int report_fixture_fill(struct store *store, const struct report_fixture *fixture, int64_t *run_id,
                        struct error *error);

#endif
