/* spans.c: ends spans (spans.h), and names the kernels of an operation. */
#include "engines/native/spans.h"

#include "engines/native/session.h"
#include "harness/base/clock.h"
#include <stdio.h>
#include <string.h>

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

/* "matvec/q8_0/avx2" of "matvec_q8_0__avx2": how the kernels suite calls a row. */
static int append_row(const struct text *text, const struct kernel_row *row)
{
    const char *isa = strstr(row->name, "__");
    return snprintf(text->at, (size_t)(text->end - text->at), "%s/%s/%s", kernel_op_names[row->op],
                    format_table[row->format].name, isa ? isa + 2 : "");
}

/* What does not fit is left out whole. */
static void append_kernel(struct text *text, const struct kernel_row *row, const char *shape)
{
    int length = append_row(text, row);
    size_t room = (size_t)(text->end - text->at);
    if (length < 0 || (size_t)length >= room)
        return;
    int more = snprintf(text->at + length, room - (size_t)length, "%s ", shape);
    if (more > 0 && (size_t)(length + more) < room)
        text->at += length + more;
}

static void append_matrix(struct text *text, const struct matrix *matrix, size_t count)
{
    char shape[96], batch[32] = "";
    if (count > 1)
        snprintf(batch, sizeof batch, "/count:%zu", count);
    snprintf(shape, sizeof shape, "/rows:%zu/cols:%zu%s", matrix->rows, matrix->cols, batch);
    append_kernel(text, count == 1 ? matrix->matvec : matrix->matmul, shape);
}

static void append_attention(struct text *text, const struct session *session, size_t count)
{
    const struct hyper *hyper = &session->model->hyper;
    char shape[128];
    snprintf(shape, sizeof shape, "/positions:%zu/head:%u/count:%zu/group:%u", session->position + count,
             hyper->head_size, count, hyper->heads / hyper->kv_heads);
    append_kernel(text, session->engine->kernels.rows[OP_ATTENTION][session->cache.format], shape);
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
