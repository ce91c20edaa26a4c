/* spans_test.c: what the native engine says about its operations: times without gaps, equally many waits on all
 * threads, and bytes that add up to the model and its cache. */
#include "engines/native/native.h"
#include "engines/native/session.h"
#include "engines/native/synth.h"
#include "harness/base/clock.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { PROMPT = 300, BATCH = 512, CONTEXT = 320, SPANS = 1 << 14 };

static const struct {
    const char *shape, *format;
} models[] = { { "tiny-llama", "f16" }, { "tiny-qwen2", "q8_0" }, { "tiny-qwen3", "q4_K_M" } };
enum { MODELS = sizeof models / sizeof models[0] };
static char paths[MODELS][64];

struct run {
    struct engine *engine;
    struct session *session;
    struct engine_trace trace;
    size_t threads;
};

static void succeed(int code, const struct error *error)
{
    if (code)
        fail_msg("%s", error->text);
}

static void open_run(struct run *run, size_t model, int threads)
{
    struct engine_options options = { .model = paths[model], .threads = threads };
    struct session_options session_options = { .context = CONTEXT, .batch = BATCH, .kv_format = FORMAT_F16 };
    struct error error;
    run->threads = (size_t)threads;
    succeed(native_ops.open(&run->engine, &options, &error), &error);
    succeed(native_ops.session_open(&run->session, run->engine, &session_options, &error), &error);
    succeed(engine_trace_open(&run->trace, run->threads, SPANS, &error), &error);
    succeed(native_ops.trace(run->session, &run->trace, &error), &error);
}

static void close_run(struct run *run)
{
    engine_trace_close(&run->trace);
    native_ops.session_close(run->session);
    native_ops.close(run->engine);
}

static void prefill(struct run *run)
{
    uint32_t tokens[PROMPT];
    struct error error;
    for (uint32_t i = 0; i < PROMPT; i++)
        tokens[i] = i % 50;
    succeed(native_ops.rewind(run->session, 0, &error), &error);
    succeed(native_ops.prefill(run->session, tokens, PROMPT, &error), &error);
}

static uint64_t sum(const struct run *run, int operation, bool flops)
{
    uint64_t total = 0;
    for (size_t t = 0; t < run->threads; t++) {
        for (size_t i = 0; i < run->trace.lanes[t].count; i++) {
            const struct engine_span *span = &run->trace.lanes[t].spans[i];
            if (operation < 0 || span->operation == operation)
                total += flops ? span->flops : span->bytes;
        }
    }
    return total;
}

/* What a call of count tokens at first must move: the weights, of the embedding table only the rows looked up (and all
 * of it as output matrix where that is tied), the keys and values of all positions, and those of the new ones once more
 * for writing. */
static uint64_t want_bytes(const struct run *run, size_t first, size_t count)
{
    const struct model *model = &run->engine->model;
    const struct matrix *embedding = &model->global.embedding;
    struct engine_info info;
    struct error error;
    succeed(native_ops.describe(run->engine, &info, &error), &error);
    bool tied = model->global.output.data == embedding->data;
    uint64_t position_bytes = (uint64_t)info.layers * info.kv_heads * info.head_size * 2 * 2;
    return info.weight_bytes - (tied ? 0 : embedding->rows * embedding->row_bytes) + count * embedding->row_bytes +
           (first + count) * position_bytes + count * position_bytes;
}

static void bytes_are_those_of_the_model(void **state)
{
    (void)state;
    for (size_t model = 0; model < MODELS; model++) {
        for (int threads = 1; threads <= 5; threads += 2) {
            struct run run;
            struct error error;
            open_run(&run, model, threads);
            prefill(&run);
            assert_int_equal(sum(&run, -1, false), want_bytes(&run, 0, PROMPT));
            engine_trace_clear(&run.trace);
            succeed(native_ops.decode(run.session, 3, &error), &error);
            assert_int_equal(sum(&run, -1, false), want_bytes(&run, PROMPT, 1));
            close_run(&run);
        }
    }
}

static uint64_t product_flops(const struct matrix *matrix, size_t count)
{
    return 2 * matrix->rows * matrix->cols * count;
}

static void flops_are_those_of_the_shapes(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 2; threads++) {
        struct run run;
        open_run(&run, 0, threads);
        prefill(&run);
        const struct model *model = &run.engine->model;
        const struct hyper *hyper = &model->hyper;
        const struct layer_weights *layer = &model->layers[0];
        uint64_t layers = hyper->layers, width = hyper->width;
        assert_int_equal(sum(&run, OPERATION_QKV, true),
                         layers * (product_flops(&layer->q, PROMPT) + 2 * product_flops(&layer->k, PROMPT)));
        assert_int_equal(sum(&run, OPERATION_DOWN, true),
                         layers * (product_flops(&layer->down, PROMPT) + width * PROMPT));
        assert_int_equal(sum(&run, OPERATION_GATE_UP, true),
                         layers * (2 * product_flops(&layer->gate, PROMPT) + 5ull * hyper->ff_width * PROMPT));
        assert_int_equal(sum(&run, OPERATION_ATTENTION_NORM, true), layers * 4 * width * PROMPT);
        /* Query i sees i + 1 keys. */
        uint64_t pairs = (uint64_t)hyper->heads * PROMPT * (PROMPT + 1) / 2;
        assert_int_equal(sum(&run, OPERATION_ATTENTION, true), layers * pairs * (4 * hyper->head_size + 3));
        assert_int_equal(sum(&run, OPERATION_WAIT, true), 0);
        close_run(&run);
    }
}

static size_t count_waits(const struct engine_lane *lane)
{
    size_t count = 0;
    for (size_t i = 0; i < lane->count; i++)
        count += lane->spans[i].operation == OPERATION_WAIT;
    return count;
}

static void times_have_no_gaps(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 3; threads++) {
        struct run run;
        open_run(&run, 1, threads);
        int64_t start_ns = clock_wall_ns();
        prefill(&run);
        int64_t wall_ns = clock_wall_ns() - start_ns;
        size_t waits = count_waits(&run.trace.lanes[0]);
        assert_true(threads == 1 ? waits == 0 : waits > 7 * run.engine->model.hyper.layers);
        for (size_t t = 0; t < run.threads; t++) {
            const struct engine_lane *lane = &run.trace.lanes[t];
            int64_t total_ns = 0;
            for (size_t i = 0; i < lane->count; i++) {
                total_ns += lane->spans[i].end_ns - lane->spans[i].start_ns;
                assert_true(i == 0 || lane->spans[i].start_ns == lane->spans[i - 1].end_ns);
            }
            assert_true(total_ns <= wall_ns);
            assert_int_equal(lane->spans[0].start_ns, run.trace.lanes[0].spans[0].start_ns);
            assert_int_equal(count_waits(lane), waits);
        }
        close_run(&run);
    }
}

static void operations_name_their_kernels(void **state)
{
    char text[512];
    struct run run;
    (void)state;
    open_run(&run, 1, 1);
    const struct layer_weights *layer = &run.engine->model.layers[0];
    char want[128];
    const char *isa = strstr(layer->down.matvec->name, "__") + 2;
    snprintf(want, sizeof want, "matvec/q8_0/%s/rows:%zu/cols:%zu", isa, layer->down.rows, layer->down.cols);
    native_ops.operation_kernels(run.session, OPERATION_DOWN, 0, 1, text, sizeof text);
    assert_string_equal(text, want);
    native_ops.operation_kernels(run.session, OPERATION_QKV, 0, 16, text, sizeof text);
    assert_int_equal(strncmp(text, "matmul/q8_0/", strlen("matmul/q8_0/")), 0);
    assert_non_null(strstr(text, "/count:16 matmul/"));
    native_ops.operation_kernels(run.session, OPERATION_QKV, 0, 16, text, 8);
    assert_string_equal(text, "");
    native_ops.operation_kernels(run.session, OPERATION_FFN_NORM, 0, 1, text, sizeof text);
    assert_string_equal(text, "");
    close_run(&run);
}

static int make_models(void **state)
{
    (void)state;
    for (size_t i = 0; i < MODELS; i++) {
        struct error error;
        snprintf(paths[i], sizeof paths[i], "/tmp/prony_spans_%d_%zu.gguf", (int)getpid(), i);
        struct synth_options options = {
            .shape = models[i].shape, .format = models[i].format, .path = paths[i], .seed = 1, .threads = 1
        };
        if (synth_write(&options, NULL, &error)) {
            fprintf(stderr, "%s\n", error.text);
            return -1;
        }
    }
    return 0;
}

static int remove_models(void **state)
{
    (void)state;
    for (size_t i = 0; i < MODELS; i++)
        unlink(paths[i]);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_those_of_the_model),
        cmocka_unit_test(flops_are_those_of_the_shapes),
        cmocka_unit_test(times_have_no_gaps),
        cmocka_unit_test(operations_name_their_kernels),
    };
    return cmocka_run_group_tests(tests, make_models, remove_models);
}
