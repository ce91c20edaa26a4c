/* spans.c: sums of spans. See spans.h. */
#include "suites/common/spans.h"
#include "harness/base/log.h"
#include "harness/base/mem.h"
#include "suites/common/trace.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A layer's spans on one thread are a dozen, and two more for each slice of its projections. */
enum { SPANS_A_LAYER = 512, KERNELS_LENGTH = 1024, NO_LAYER_YET = -2 };

/* ---- sums ---- */

static size_t total_count(const struct span_sums *sums)
{
    return OPERATION_COUNT * (sums->layers + 1);
}

void span_sums_open(struct span_sums *sums, size_t layers, size_t threads)
{
    *sums = (struct span_sums){ .layers = layers, .threads = threads };
    sums->cursors = mem_array(threads, sizeof *sums->cursors);
    sums->current = mem_array(threads, sizeof *sums->current);
    sums->totals = mem_array(total_count(sums), sizeof *sums->totals);
    sums->order = mem_array(total_count(sums), sizeof *sums->order);
    span_sums_clear(sums);
}

void span_sums_clear(struct span_sums *sums)
{
    memset(sums->totals, 0, total_count(sums) * sizeof *sums->totals);
    sums->count = sums->visit = 0;
    sums->waiting_ns = sums->threads_ns = 0;
}

void span_sums_release(struct span_sums *sums)
{
    free(sums->totals);
    free(sums->order);
    free(sums->cursors);
    free(sums->current);
    *sums = (struct span_sums){ 0 };
}

static struct span_total *total_of(struct span_sums *sums, const struct engine_span *span)
{
    size_t layer = (size_t)(span->layer + 1) <= sums->layers ? (size_t)(span->layer + 1) : 0;
    return &sums->totals[span->operation * (sums->layers + 1) + layer];
}

static void touch(struct span_sums *sums, struct span_total *total)
{
    if (!total->is_known)
        sums->order[sums->count++] = (size_t)(total - sums->totals);
    total->is_known = true;
}

/* An operation that is cut into several spans by others (a slice's rotation between two products), or that several
 * threads share, is one call as long as the threads stay in its layer. */
static void add_time(struct span_sums *sums, const struct engine_span *span, double time_ns)
{
    struct span_total *total = total_of(sums, span);
    touch(sums, total);
    total->time_ns += time_ns;
    if (span->operation == OPERATION_WAIT)
        return;
    if (span->layer != sums->layer)
        sums->visit++;
    sums->layer = span->layer;
    total->calls += total->visit != sums->visit;
    total->visit = sums->visit;
}

/* What all threads did, and how long each of them waited. */
static void add_work(struct span_sums *sums, const struct engine_trace *trace)
{
    for (size_t t = 0; t < trace->lane_count; t++) {
        for (size_t i = 0; i < trace->lanes[t].count; i++) {
            const struct engine_span *span = &trace->lanes[t].spans[i];
            struct span_total *total = total_of(sums, span);
            double time_ns = (double)(span->end_ns - span->start_ns);
            touch(sums, total);
            total->bytes += (double)span->bytes;
            total->flops += (double)span->flops;
            total->calls += span->operation == OPERATION_WAIT;
            sums->threads_ns += time_ns;
            sums->waiting_ns += span->operation == OPERATION_WAIT ? time_ns : 0;
        }
    }
}

/* What each thread does at now_ns, into sums->current: NULL = nothing. Returns the next moment at which that changes,
 * INT64_MAX if never. */
static int64_t look_at(struct span_sums *sums, const struct engine_trace *trace, int64_t now_ns)
{
    int64_t next_ns = INT64_MAX;
    for (size_t t = 0; t < trace->lane_count; t++) {
        const struct engine_lane *lane = &trace->lanes[t];
        size_t *at = &sums->cursors[t];
        while (*at < lane->count && lane->spans[*at].end_ns <= now_ns)
            ++*at;
        const struct engine_span *span = *at < lane->count ? &lane->spans[*at] : NULL;
        const bool is_now = span && span->start_ns <= now_ns;
        const int64_t change_ns = !span ? INT64_MAX : is_now ? span->end_ns : span->start_ns;
        sums->current[t] = is_now ? span : NULL;
        next_ns = change_ns < next_ns ? change_ns : next_ns;
    }
    return next_ns;
}

/* The time from one moment to the next, in which no thread began or ended anything. */
static void divide_time(struct span_sums *sums, double time_ns)
{
    const struct engine_span *waits = NULL;
    size_t working = 0;
    for (size_t t = 0; t < sums->threads; t++) {
        const struct engine_span *span = sums->current[t];
        working += span && span->operation != OPERATION_WAIT;
        waits = waits || !span || span->operation != OPERATION_WAIT ? waits : span;
    }
    for (size_t t = 0; t < sums->threads; t++) {
        const struct engine_span *span = sums->current[t];
        if (span && span->operation != OPERATION_WAIT)
            add_time(sums, span, time_ns / (double)working);
    }
    if (!working && waits)
        add_time(sums, waits, time_ns);
}

bool span_sums_add(struct span_sums *sums, const struct engine_trace *trace)
{
    for (size_t t = 0; t < trace->lane_count; t++) {
        if (trace->lanes[t].dropped)
            return false;
    }
    if (trace->lane_count > sums->threads)
        return false;
    memset(sums->cursors, 0, sums->threads * sizeof *sums->cursors);
    sums->layer = NO_LAYER_YET;
    int64_t now_ns = look_at(sums, trace, INT64_MIN);
    while (now_ns != INT64_MAX) {
        const int64_t next_ns = look_at(sums, trace, now_ns);
        if (next_ns != INT64_MAX)
            divide_time(sums, (double)(next_ns - now_ns));
        now_ns = next_ns;
    }
    add_work(sums, trace);
    return true;
}

/* ---- of a case ---- */

int suite_spans_open(struct suite_spans *spans, struct suite *suite, const struct suite_engine *engine, size_t layers,
                     struct error *error)
{
    *spans = (struct suite_spans){ .suite = suite, .engine = engine };
    if (!suite->spans)
        return 0;
    if (!engine->ops->trace) {
        if (!suite->told_no_spans)
            log_warn("the engine %s cannot say where its time goes: no spans", engine->ops->name);
        suite->told_no_spans = true;
        return 0;
    }
    struct engine_info info;
    int code = engine->ops->describe(engine->engine, &info, error);
    if (code == 0)
        code = engine_trace_open(&spans->trace, (size_t)info.threads, (layers + 1) * SPANS_A_LAYER, error);
    if (code == 0)
        code = engine->ops->trace(engine->session, &spans->trace, error);
    if (code != 0) {
        engine_trace_close(&spans->trace);
        return code;
    }
    span_sums_open(&spans->sums, layers, spans->trace.lane_count);
    spans->active = true;
    return 0;
}

void suite_spans_close(struct suite_spans *spans, const char *name)
{
    if (!spans->active)
        return;
    if (spans->suite->trace_path)
        suite_trace_add(&spans->suite->trace, name, &spans->trace);
    engine_trace_close(&spans->trace);
    span_sums_release(&spans->sums);
    spans->active = false;
}

void suite_spans_begin_run(struct suite_spans *spans)
{
    if (!spans->active)
        return;
    span_sums_clear(&spans->sums);
    spans->lost = 0;
    spans->sampling_ns = spans->sampling_calls = 0;
}

void suite_spans_begin_iteration(struct suite_spans *spans)
{
    if (spans->active)
        engine_trace_clear(&spans->trace);
}

void suite_spans_end_iteration(struct suite_spans *spans, struct benchmark_state *state)
{
    if (!spans->active)
        return;
    benchmark_state_pause_timing(state);
    spans->lost += !span_sums_add(&spans->sums, &spans->trace);
    benchmark_state_resume_timing(state);
}

void suite_spans_add_sampling(struct suite_spans *spans, double time_ns)
{
    spans->sampling_ns += time_ns;
    spans->sampling_calls++;
}

static void report_total(const struct suite_spans *spans, struct benchmark_state *state, size_t index, size_t count)
{
    const struct span_sums *sums = &spans->sums;
    const struct span_total *total = &sums->totals[index];
    const enum engine_operation operation = (enum engine_operation)(index / (sums->layers + 1));
    const size_t layer = index % (sums->layers + 1);
    char kernels[KERNELS_LENGTH] = "";
    if (spans->engine->ops->operation_kernels)
        spans->engine->ops->operation_kernels(spans->engine->session, operation, layer ? layer - 1 : 0, count, kernels,
                                              sizeof kernels);
    struct benchmark_span span = {
        .operation = engine_operation_name(operation),
        .layer = (int)layer - 1,
        .calls = total->calls,
        .time_ns = total->time_ns,
        .bytes = operation == OPERATION_WAIT ? (double)NAN : total->bytes,
        .flops = operation == OPERATION_WAIT ? (double)NAN : total->flops,
        .kernels = kernels,
    };
    benchmark_state_add_span(state, &span);
}

void suite_spans_report(struct suite_spans *spans, struct benchmark_state *state, size_t count)
{
    if (!spans->active || benchmark_state_skipped(state) != BENCHMARK_NOT_SKIPPED)
        return;
    if (spans->lost) {
        log_warn("%s: %zu iterations had more spans than there is memory for: no account of its time",
                 benchmark_state_name(state), spans->lost);
        return;
    }
    for (size_t i = 0; i < spans->sums.count; i++)
        report_total(spans, state, spans->sums.order[i], count);
    if (spans->sampling_calls > 0) {
        struct benchmark_span sampling = { "sampling",  -1,  spans->sampling_calls, spans->sampling_ns, (double)NAN,
                                           (double)NAN, NULL };
        benchmark_state_add_span(state, &sampling);
    }
    if (spans->sums.threads_ns > 0)
        benchmark_state_set_counter(state, "percent_waiting", 100 * spans->sums.waiting_ns / spans->sums.threads_ns,
                                    BENCHMARK_COUNTER_PLAIN);
}
