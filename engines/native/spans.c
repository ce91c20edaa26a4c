/* spans.c: ends spans (spans.h), and names the kernels of an operation. */
#include "engines/native/spans.h"

#include "engines/native/session.h"
#include "harness/base/clock.h"
#include <stdio.h>

void recorder_mark(struct recorder *recorder, enum engine_operation operation)
{
    struct engine_span span = {
        .start_ns = recorder->last_ns,
        .end_ns = clock_wall_ns(),
        .bytes = recorder->bytes,
        .flops = recorder->flops,
        .rows = recorder->rows,
        .layer = recorder->layer,
        .operation = (uint16_t)operation,
    };
    engine_lane_add(recorder->lane, &span);
    recorder->last_ns = span.end_ns;
    recorder->bytes = recorder->flops = recorder->rows = 0;
}

int session_trace(struct session *session, struct engine_trace *trace, struct error *error)
{
    size_t threads = (size_t)pool_thread_count(session->engine->pool);
    if (trace && trace->lane_count < threads)
        return error_set(error, ERROR_USAGE, "a trace of %zu threads is too small for an engine of %zu",
                         trace->lane_count, threads);
    session->trace = trace;
    return 0;
}

/* ---- names of kernels ---- */

struct text {
    char *at, *end;
};

static void append_matrix(struct text *text, const struct matrix *matrix, size_t count)
{
    const char *format = format_table[matrix->format].name;
    size_t room = (size_t)(text->end - text->at);
    int length = count == 1
                     ? snprintf(text->at, room, "matvec/%s/rows:%zu/cols:%zu ", format, matrix->rows, matrix->cols)
                     : snprintf(text->at, room, "matmul/%s/rows:%zu/cols:%zu/count:%zu ", format, matrix->rows,
                                matrix->cols, count);
    if (length > 0 && (size_t)length < room)
        text->at += length;
}

static void append_attention(struct text *text, const struct session *session, size_t count)
{
    const struct hyper *hyper = &session->model->hyper;
    size_t room = (size_t)(text->end - text->at);
    int length = snprintf(text->at, room, "attention/%s/positions:%zu/head:%u/count:%zu/group:%u ",
                          format_table[session->cache.format].name, session->position + count, hyper->head_size, count,
                          hyper->heads / hyper->kv_heads);
    if (length > 0 && (size_t)length < room)
        text->at += length;
}

void session_operation_kernels(struct session *session, enum engine_operation operation, size_t layer, size_t count,
                               char *buffer, size_t size)
{
    struct text text = { buffer, buffer + size };
    const struct model *model = session->model;
    const struct layer_weights *weights = layer < model->hyper.layers ? &model->layers[layer] : NULL;
    if (weights && operation == OPERATION_QKV) {
        append_matrix(&text, &weights->q, count);
        append_matrix(&text, &weights->k, count);
        append_matrix(&text, &weights->v, count);
    } else if (weights && operation == OPERATION_ATTENTION) {
        append_attention(&text, session, count);
    } else if (weights && operation == OPERATION_ATTENTION_OUTPUT) {
        append_matrix(&text, &weights->output, count);
    } else if (weights && operation == OPERATION_GATE_UP) {
        append_matrix(&text, &weights->gate, count);
        append_matrix(&text, &weights->up, count);
    } else if (weights && operation == OPERATION_DOWN) {
        append_matrix(&text, &weights->down, count);
    } else if (operation == OPERATION_OUTPUT) {
        append_matrix(&text, &model->global.output, session->all_logits ? count : 1);
    }
    /* The space behind the last one. */
    if (text.at > buffer)
        text.at--;
    *text.at = 0;
}
