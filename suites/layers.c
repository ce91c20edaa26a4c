/* layers.c: the layers suite: the parts of one layer at the shapes of a real model, as prefill (512 tokens on an empty
 * context) and as decode (one token after 128) run them, through engine_ops.run_part.
 *
 * The layer in the middle of the model is taken, whose formats are the ordinary ones of a mix. Every iteration starts
 * from the same hidden states, so a copy of tokens x width floats is part of the time; it counts for norm and rope
 * only, whose kernels the kernels suite measures alone. Time is wall-clock, because a thread pool works for the caller.
 */
#include "harness/base/clock.h"
#include "harness/base/mem.h"
#include "harness/base/rng.h"
#include "suites/common/spans.h"
#include "suites/common/suite.h"
#include <stdlib.h>
#include <string.h>

enum { PREFILL_TOKENS = 512, DECODE_CONTEXT = 128 };
/* The check runs on few rows: the scalar kernels would take seconds for all. */
enum { CHECK_ROWS = 8, CHECK_CONTEXT = 2 };

/* Of the synthetic hidden states. Large enough for every epsilon; the norm before each branch removes it anyway. */
#define HIDDEN_DEVIATION 0.1

static const char *const part_names[PART_COUNT] = {
    [PART_NORM] = "norm", [PART_ROPE] = "rope",   [PART_ATTENTION] = "attention",
    [PART_FFN] = "ffn",   [PART_LAYER] = "layer", [PART_OUTPUT] = "output",
};

struct layer_case {
    struct suite *suite;
    struct suite_model *model;
    enum engine_part part;
    size_t tokens, context; /* rows of a call, positions before them */
    int threads;
    /* Between setup and teardown. */
    struct suite_engine engine;
    float *input, *x;     /* [tokens][width] */
    double max_rel_error; /* of the check; negative = not checked */
    struct suite_spans spans;
};

static int open_engine(struct layer_case *c, struct suite_engine *engine, const char *kernels, int threads,
                       struct error *error)
{
    struct session_options options = { .context = c->context + c->tokens,
                                       .batch = PREFILL_TOKENS,
                                       .kv_format = FORMAT_F16 };
    return suite_engine_open(engine, c->suite, c->model, kernels, threads, &options, error);
}

/* Fills the context with count tokens. */
static int fill_context(struct layer_case *c, struct suite_engine *engine, size_t count, struct error *error)
{
    int code = engine->ops->rewind(engine->session, 0, error);
    if (code != 0 || count == 0)
        return code;
    uint32_t *tokens = mem_array(count, sizeof *tokens);
    suite_tokens(c->model, tokens, count);
    code = engine->ops->prefill(engine->session, tokens, count, error);
    free(tokens);
    return code;
}

static int run_part(struct layer_case *c, struct suite_engine *engine, size_t rows, struct error *error)
{
    return engine->ops->run_part(engine->session, c->part, c->model->layers / 2, c->x, rows, error);
}

/* ---- the check before timing ---- */

/* What the part computed from the first rows of the input: logits, rows, or for the parts that add to their input what
 * they added, because the sum would hide an error. *count: number of values. Allocated for the caller. */
static int compute(struct layer_case *c, struct suite_engine *engine, size_t rows, float **result, size_t *count,
                   struct error *error)
{
    const size_t width = c->model->width;
    const bool needs_context = c->context > 0 && (c->part == PART_ATTENTION || c->part == PART_LAYER);
    int code = fill_context(c, engine, needs_context ? CHECK_CONTEXT : 0, error);
    if (code != 0)
        return code;
    memcpy(c->x, c->input, rows * width * sizeof *c->x);
    code = run_part(c, engine, rows, error);
    if (code != 0)
        return code;
    const float *values = c->x;
    *count = rows * width;
    if (c->part == PART_OUTPUT) {
        size_t logit_rows;
        values = engine->ops->logits(engine->session, &logit_rows);
        *count = c->model->vocab_size;
    }
    *result = mem_array(*count, sizeof **result);
    memcpy(*result, values, *count * sizeof **result);
    if (c->part == PART_ATTENTION || c->part == PART_FFN || c->part == PART_LAYER) {
        for (size_t i = 0; i < *count; i++)
            (*result)[i] -= c->input[i];
    }
    return 0;
}

static int measure_error(struct layer_case *c, struct error *error)
{
    const size_t rows = c->tokens < CHECK_ROWS ? c->tokens : CHECK_ROWS;
    const int threads = c->suite->threads[c->suite->thread_count - 1];
    struct suite_engine scalar;
    float *reference = NULL, *result = NULL;
    size_t count = 0;
    int code = open_engine(c, &scalar, "scalar", threads, error);
    if (code != 0)
        return code;
    code = compute(c, &scalar, rows, &reference, &count, error);
    if (code == 0)
        code = compute(c, &c->engine, rows, &result, &count, error);
    if (code == 0) {
        const size_t cols = c->part == PART_OUTPUT ? c->model->vocab_size : c->model->width;
        c->max_rel_error = suite_relative_error(result, reference, count / cols, cols);
    }
    free(reference);
    free(result);
    suite_engine_close(&scalar);
    return code;
}

static void check_output(struct layer_case *c, struct benchmark_state *state)
{
    struct error error;
    const double bound = suite_tolerance(c->model);
    if (!c->suite->check || !c->model->has_variants)
        return;
    if (measure_error(c, &error) != 0)
        benchmark_state_skip_with_error(state, "%s", error.text);
    else if (c->max_rel_error > bound)
        benchmark_state_skip_with_error(state, "output differs from the scalar kernels': rel %.1e > %.0e",
                                        c->max_rel_error, bound);
}

/* ---- setup, teardown, run ---- */

static void set_up(struct benchmark_state *state)
{
    struct layer_case *c = benchmark_state_user_data(state);
    struct error error;
    struct rng rng;
    if (c->model->context_limit > 0 && c->model->context_limit < c->context + c->tokens) {
        benchmark_state_skip_with_message(state, "the model's context has only %zu positions", c->model->context_limit);
        return;
    }
    c->max_rel_error = -1;
    c->input = mem_array(c->tokens * c->model->width, sizeof *c->input);
    c->x = mem_array(c->tokens * c->model->width, sizeof *c->x);
    rng_seed(&rng, 21);
    for (size_t i = 0; i < c->tokens * c->model->width; i++)
        c->input[i] = (float)(HIDDEN_DEVIATION * rng_normal(&rng));
    if (open_engine(c, &c->engine, c->suite->kernels, c->threads, &error) != 0) {
        benchmark_state_skip_with_error(state, "%s", error.text);
        return;
    }
    check_output(c, state);
    if (benchmark_state_skipped(state) != BENCHMARK_NOT_SKIPPED)
        return;
    if (fill_context(c, &c->engine, c->context, &error) != 0 ||
        suite_spans_open(&c->spans, c->suite, &c->engine, c->model->layers, &error) != 0)
        benchmark_state_skip_with_error(state, "%s", error.text);
}

static void tear_down(struct benchmark_state *state)
{
    struct layer_case *c = benchmark_state_user_data(state);
    suite_engine_close(&c->engine);
    suite_spans_close(&c->spans, benchmark_state_name(state));
    free(c->input);
    free(c->x);
    c->input = c->x = NULL;
}

/* Arithmetic of one call, a multiply-add counted as two; 0 where it is not what limits the part. */
static double count_flops(const struct layer_case *c)
{
    const struct suite_model *m = c->model;
    const double tokens = (double)c->tokens, width = (double)m->width;
    const double q_width = (double)(m->heads * m->head_size), kv_width = (double)(m->kv_heads * m->head_size);
    /* Token i sees itself and the positions before it. */
    const double seen = tokens * (double)c->context + tokens * (tokens + 1) / 2;
    const double attention =
        2 * tokens * width * (q_width + 2 * kv_width) + 2 * tokens * q_width * width + 4 * q_width * seen;
    const double ffn = 6 * tokens * width * (double)m->ff_width;
    switch (c->part) {
    case PART_ATTENTION: return attention;
    case PART_FFN: return ffn;
    case PART_LAYER: return attention + ffn;
    case PART_OUTPUT: return 2 * width * (double)m->vocab_size; /* of the last token alone */
    default: return 0;
    }
}

static void run_case(struct benchmark_state *state)
{
    struct layer_case *c = benchmark_state_user_data(state);
    const size_t bytes = c->tokens * c->model->width * sizeof *c->x;
    struct error error;
    suite_spans_begin_run(&c->spans);
    const int64_t start_ns = clock_wall_ns();
    while (benchmark_state_keep_running(state)) {
        suite_spans_begin_iteration(&c->spans);
        memcpy(c->x, c->input, bytes);
        if (run_part(c, &c->engine, c->tokens, &error) != 0) {
            benchmark_state_skip_with_error(state, "%s", error.text);
            return;
        }
        benchmark_do_not_optimize(c->x);
        suite_spans_end_iteration(&c->spans, state);
    }
    const double seconds = (double)(clock_wall_ns() - start_ns) * 1e-9;
    const double iterations = (double)benchmark_state_iterations(state), flops = count_flops(c);
    benchmark_state_set_counter(state, "tokens_per_second", (double)c->tokens * iterations / seconds,
                                BENCHMARK_COUNTER_PLAIN);
    if (flops > 0)
        benchmark_state_set_counter(state, "flops_per_second", flops * iterations / seconds, BENCHMARK_COUNTER_PLAIN);
    if (c->max_rel_error >= 0)
        benchmark_state_set_counter(state, "max_rel_error", c->max_rel_error, BENCHMARK_COUNTER_PLAIN);
    suite_spans_report(&c->spans, state, c->tokens);
}

/* ---- registration ---- */

static void add_case(struct suite *suite, struct suite_model *model, enum engine_part part, size_t tokens, int threads)
{
    struct layer_case *c = arena_alloc(&suite->arena, sizeof *c);
    *c = (struct layer_case){ .suite = suite,
                              .model = model,
                              .part = part,
                              .tokens = tokens,
                              .context = tokens == 1 ? DECODE_CONTEXT : 0,
                              .threads = threads };
    const char *name = suite_format(suite, "%s/%s/%s/layer/tokens:%zu/threads:%d", part_names[part], model->name,
                                    model->format, tokens, threads);
    struct benchmark *family = benchmark_register(name, run_case, c);
    benchmark_setup_case(family, set_up);
    benchmark_teardown_case(family, tear_down);
    benchmark_unit(family, BENCHMARK_MICROSECOND);
}

int main(int argc, char **argv)
{
    static const size_t tokens[] = { PREFILL_TOKENS, 1 };
    struct suite suite;
    int exit_code;
    if (!suite_start(&suite, &argc, argv, SUITE_MODELS | SUITE_THREADS | SUITE_SPANS, &exit_code))
        return exit_code;
    if (suite.engine->run_part == NULL) {
        fprintf(stderr, "%s: the engine %s cannot run parts of a layer\n", argv[0], suite.engine->name);
        suite.model_count = 0;
        suite_finish(&suite);
        return 2;
    }
    for (size_t m = 0; m < suite.model_count; m++) {
        for (int part = 0; part < PART_COUNT; part++) {
            for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
                for (size_t t = 0; t < suite.thread_count; t++)
                    add_case(&suite, &suite.models[m], (enum engine_part)part, tokens[i], suite.threads[t]);
            }
        }
    }
    return suite_finish(&suite);
}
