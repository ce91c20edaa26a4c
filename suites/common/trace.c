/* trace.c: writes trace events. See trace.h.
 *
 * Times are microseconds with three decimals since the first span of the case, so that nanoseconds stay exact. */
#include "suites/common/trace.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

/* Where the events of one thread go. */
struct writer {
    struct suite_trace *trace;
    int pid, tid;
    int64_t origin_ns;
};

static void append_text(struct str *str, const char *text)
{
    str_append_char(str, '"');
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '"' || *c == '\\' || *c < ' ')
            str_appendf(str, "\\u%04x", *c);
        else
            str_append_char(str, (char)*c);
    }
    str_append_char(str, '"');
}

static void begin_event(struct suite_trace *trace)
{
    str_append(&trace->events, trace->events.length ? ",\n{" : "{");
}

static void add_name(struct suite_trace *trace, const char *what, int pid, int tid, const char *name)
{
    begin_event(trace);
    str_appendf(&trace->events,
                "\"name\": \"%s\", \"ph\": \"M\", \"pid\": %d, \"tid\": %d, \"args\": {\"name\": ", what, pid, tid);
    append_text(&trace->events, name);
    str_append(&trace->events, "}}");
}

static void append_us(struct str *str, const char *key, int64_t ns)
{
    str_appendf(str, ", \"%s\": %" PRId64 ".%03d", key, ns / 1000, (int)(ns % 1000));
}

/* An event up to its args. */
static void open_event(const struct writer *writer, const char *name, const char *category, int64_t start_ns,
                       int64_t end_ns)
{
    struct str *str = &writer->trace->events;
    begin_event(writer->trace);
    str_appendf(str, "\"name\": \"%s\", \"cat\": \"%s\", \"ph\": \"X\"", name, category);
    append_us(str, "ts", start_ns - writer->origin_ns);
    append_us(str, "dur", end_ns - start_ns);
    str_appendf(str, ", \"pid\": %d, \"tid\": %d", writer->pid, writer->tid);
    writer->trace->event_count++;
}

static bool has_room(const struct writer *writer)
{
    if (writer->trace->event_count < SUITE_TRACE_EVENTS_MAX)
        return true;
    writer->trace->dropped++;
    return false;
}

static void add_frame(const struct writer *writer, const char *name, const char *category, int64_t start_ns,
                      int64_t end_ns)
{
    if (!has_room(writer))
        return;
    open_event(writer, name, category, start_ns, end_ns);
    str_append(&writer->trace->events, "}");
}

static void add_span(const struct writer *writer, const struct engine_span *span)
{
    struct str *str = &writer->trace->events;
    const bool waits = span->operation == OPERATION_WAIT;
    const double time_ns = (double)(span->end_ns - span->start_ns);
    if (!has_room(writer))
        return;
    open_event(writer, engine_operation_name((enum engine_operation)span->operation), waits ? "wait" : "operation",
               span->start_ns, span->end_ns);
    if (!waits) {
        str_appendf(str,
                    ", \"args\": {\"layer\": %d, \"rows\": %" PRIu32 ", \"bytes\": %" PRIu64 ", \"flops\": %" PRIu64,
                    span->layer, span->rows, span->bytes, span->flops);
        if (time_ns > 0)
            str_appendf(str, ", \"GB/s\": %.3f, \"GFLOP/s\": %.3f", (double)span->bytes / time_ns,
                        (double)span->flops / time_ns);
        str_append_char(str, '}');
    }
    str_append_char(str, '}');
}

/* A layer's frame comes before its operations. */
static void add_lane(const struct writer *writer, const struct engine_lane *lane)
{
    char name[32];
    for (size_t i = 0; i < lane->count;) {
        size_t end = i;
        while (end < lane->count && lane->spans[end].layer == lane->spans[i].layer)
            end++;
        snprintf(name, sizeof name, "layer %d", lane->spans[i].layer);
        if (lane->spans[i].layer >= 0)
            add_frame(writer, name, "layer", lane->spans[i].start_ns, lane->spans[end - 1].end_ns);
        for (; i < end; i++)
            add_span(writer, &lane->spans[i]);
    }
}

void suite_trace_add(struct suite_trace *trace, const char *name, const struct engine_trace *spans)
{
    const int pid = ++trace->case_count;
    int64_t origin_ns = INT64_MAX;
    for (size_t t = 0; t < spans->lane_count; t++) {
        if (spans->lanes[t].count && spans->lanes[t].spans[0].start_ns < origin_ns)
            origin_ns = spans->lanes[t].spans[0].start_ns;
    }
    add_name(trace, "process_name", pid, 0, name);
    for (size_t t = 0; t < spans->lane_count; t++) {
        const struct engine_lane *lane = &spans->lanes[t];
        const struct writer writer = { trace, pid, (int)t, origin_ns };
        char thread[48];
        snprintf(thread, sizeof thread, "thread %zu%s", t, t ? "" : " (caller)");
        add_name(trace, "thread_name", pid, (int)t, thread);
        trace->dropped += (size_t)lane->dropped;
        if (!lane->count)
            continue;
        add_frame(&writer, "iteration", "iteration", lane->spans[0].start_ns, lane->spans[lane->count - 1].end_ns);
        add_lane(&writer, lane);
    }
}

int suite_trace_write(const struct suite_trace *trace, const char *path, struct error *error)
{
    FILE *file = fopen(path, "we");
    if (!file)
        return error_system(error, errno, "cannot write the trace %s", path);
    fprintf(file, "{\"displayTimeUnit\": \"ns\",\n\"otherData\": {\"producer\": \"prony\", \"dropped_events\": %zu},\n",
            trace->dropped);
    fputs("\"traceEvents\": [\n", file);
    if (trace->events.length)
        fwrite(trace->events.data, 1, trace->events.length, file);
    fputs("\n]}\n", file);
    const bool failed = ferror(file);
    if (fclose(file) != 0 || failed)
        return error_system(error, errno, "cannot write the trace %s", path);
    return 0;
}

void suite_trace_release(struct suite_trace *trace)
{
    str_release(&trace->events);
    *trace = (struct suite_trace){ 0 };
}
