/* trace.c: the memory that spans go to, and their names. See engine.h.
 *
 * Adding a span never allocates and takes no lock: a lane belongs to one thread. */
#include "engines/engine.h"

#include "harness/base/mem.h"
#include <stdlib.h>
#include <string.h>

static const char *const operation_names[OPERATION_COUNT] = {
    [OPERATION_EMBED] = "embed",
    [OPERATION_ATTENTION_NORM] = "attention_norm",
    [OPERATION_QKV] = "qkv",
    [OPERATION_ROPE] = "rope",
    [OPERATION_ATTENTION] = "attention",
    [OPERATION_ATTENTION_OUTPUT] = "attention_output",
    [OPERATION_FFN_NORM] = "ffn_norm",
    [OPERATION_GATE_UP] = "ffn_gate_up",
    [OPERATION_DOWN] = "ffn_down",
    [OPERATION_OUTPUT_NORM] = "output_norm",
    [OPERATION_OUTPUT] = "output",
    [OPERATION_WAIT] = "wait",
};

const char *engine_operation_name(enum engine_operation operation)
{
    return (unsigned)operation < OPERATION_COUNT ? operation_names[operation] : "unknown";
}

int engine_trace_open(struct engine_trace *trace, size_t threads, size_t spans_a_thread, struct error *error)
{
    size_t lanes_bytes = threads * sizeof *trace->lanes, spans_bytes = 0;
    *trace = (struct engine_trace){ 0 };
    if (!__builtin_mul_overflow(threads * spans_a_thread, sizeof(struct engine_span), &spans_bytes))
        trace->memory = mem_aligned(lanes_bytes + spans_bytes);
    if (!trace->memory)
        return error_set(error, ERROR_MEMORY, "no memory for %zu spans of %zu threads", spans_a_thread, threads);
    memset(trace->memory, 0, lanes_bytes + spans_bytes);
    trace->lanes = trace->memory;
    trace->lane_count = threads;
    struct engine_span *spans = (struct engine_span *)(void *)((char *)trace->memory + lanes_bytes);
    for (size_t i = 0; i < threads; i++)
        trace->lanes[i] = (struct engine_lane){ .spans = spans + i * spans_a_thread, .capacity = spans_a_thread };
    return 0;
}

void engine_trace_close(struct engine_trace *trace)
{
    free(trace->memory);
    *trace = (struct engine_trace){ 0 };
}

void engine_trace_clear(struct engine_trace *trace)
{
    for (size_t i = 0; i < trace->lane_count; i++)
        trace->lanes[i].count = trace->lanes[i].dropped = 0;
}

static bool continues(const struct engine_span *last, const struct engine_span *span)
{
    return last->end_ns == span->start_ns && last->operation == span->operation && last->layer == span->layer &&
           span->operation != OPERATION_WAIT;
}

void engine_lane_add(struct engine_lane *lane, const struct engine_span *span)
{
    struct engine_span *last = lane->count ? &lane->spans[lane->count - 1] : NULL;
    if (last && continues(last, span)) {
        last->end_ns = span->end_ns;
        last->bytes += span->bytes;
        last->flops += span->flops;
        last->rows += span->rows;
    } else if (lane->count < lane->capacity) {
        lane->spans[lane->count++] = *span;
    } else {
        lane->dropped++;
    }
}
