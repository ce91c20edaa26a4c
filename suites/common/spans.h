/* spans.h: where the time of an iteration goes: spans of an engine, added up for prony_spans; and into a file that
 * trace viewers read (trace.h).
 *
 * The time of an operation is the wall time in which threads worked on it. A moment in which threads work on different
 * operations is divided among them equally; a moment in which no thread works, and some wait, is a wait. So the times
 * of operations and the wait add up to the time inside the engine exactly, and what an iteration takes beyond that is
 * unexplained. That some threads idle while others work shows in percent_waiting: the share of all threads' time. Bytes
 * and flops are those of all threads. */
#ifndef PRONY_SUITES_COMMON_SPANS_H
#define PRONY_SUITES_COMMON_SPANS_H

#include "suites/common/suite.h"

struct span_total {
    double calls, time_ns, bytes, flops;
    size_t visit; /* the last passage through its layer that counted as a call */
    bool is_known;
};

/* Sums over calls. */
struct span_sums {
    size_t layers, threads;
    struct span_total *totals; /* [OPERATION_COUNT][layers + 1], of layer -1 first */
    size_t *order;             /* indices into totals, as they came first */
    size_t count, visit;
    /* Of span_sums_add: for each thread the span that is not over yet, and the one it is in. */
    size_t *cursors;
    const struct engine_span **current;
    int layer;
    double waiting_ns, threads_ns; /* of all threads: in waits, at all */
};
void span_sums_open(struct span_sums *sums, size_t layers, size_t threads);
void span_sums_clear(struct span_sums *sums);
void span_sums_release(struct span_sums *sums);
/* Adds what trace holds, a call or several. False, and nothing added, if spans were dropped. Allocates nothing. */
bool span_sums_add(struct span_sums *sums, const struct engine_trace *trace);

/* Of one case, from setup to teardown. Zero bytes: not traced, and every call below does nothing. */
struct suite_spans {
    bool active;
    struct suite *suite;
    const struct suite_engine *engine;
    struct engine_trace trace;
    struct span_sums sums;
    size_t lost;                        /* iterations that could not be added up */
    double sampling_ns, sampling_calls; /* what the suite does itself between engine calls */
};

/* Starts tracing the session if the suite was asked for spans. An engine that cannot says so once on stderr. */
int suite_spans_open(struct suite_spans *spans, struct suite *suite, const struct suite_engine *engine, size_t layers,
                     struct error *error);
/* Writes the spans of the last iteration into the suite's trace file, as those of that case. */
void suite_spans_close(struct suite_spans *spans, const char *name);
void suite_spans_begin_run(struct suite_spans *spans);
void suite_spans_begin_iteration(struct suite_spans *spans);
/* Adds the iteration up, outside of its time. */
void suite_spans_end_iteration(struct suite_spans *spans, struct benchmark_state *state);
/* Time between engine calls in which the suite drew a token. */
void suite_spans_add_sampling(struct suite_spans *spans, double time_ns);
/* Gives the sums to the benchmark. count: tokens of an engine call, for the names of kernels. */
void suite_spans_report(struct suite_spans *spans, struct benchmark_state *state, size_t count);

#endif
