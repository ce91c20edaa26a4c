/* trace.h: spans as a file for trace viewers (chrome://tracing, https://ui.perfetto.dev): the JSON form of Google's
 * Trace Event Format. A process is a case, a thread is a thread of the engine, complete events ("ph": "X") nest: an
 * iteration, its layers, their operations. */
#ifndef PRONY_SUITES_COMMON_TRACE_H
#define PRONY_SUITES_COMMON_TRACE_H

#include "engines/engine.h"
#include "harness/base/str.h"

/* A viewer becomes slow beyond some hundred thousand events. */
enum { SUITE_TRACE_EVENTS_MAX = 200000 };

/* Zero bytes is empty. */
struct suite_trace {
    struct str events; /* objects separated by commas */
    size_t event_count, dropped;
    int case_count;
};

/* Adds a case: name becomes the process's. Events beyond the limit are counted instead. */
void suite_trace_add(struct suite_trace *trace, const char *name, const struct engine_trace *spans);
/* Replaces path. */
int suite_trace_write(const struct suite_trace *trace, const char *path, struct error *error);
void suite_trace_release(struct suite_trace *trace);

#endif
