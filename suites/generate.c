/* generate.c: the generate suite: a model from the file to the last token, as a user of the engine sees it.
 *
 *   load     opening the file until the engine can take tokens; weights are mapped, not read
 *   ttft     a prompt on an empty context until the first token is chosen
 *   prefill  a long prompt, tokens per second
 *   decode   one token after another on a context of a given length, each token timed
 *
 * Times are wall-clock: a thread pool works while the caller waits. Rates are of this suite's own clock around the
 * operation, so that rewinding between iterations does not count. */
#include "engines/sampler.h"
#include "harness/base/clock.h"
#include "harness/base/mem.h"
#include "suites/common/spans.h"
#include "suites/common/suite.h"
#include <stdlib.h>
#include <string.h>

enum { CHECK_TOKENS = 3, TIMES_MAX = 4096 };
enum { TTFT_PROMPT = 128, MAX_PREFILL = 512, DECODE_CONTEXT = 128, DECODE_RUN = 64 };

struct generate_case {
    struct suite *suite;
    struct suite_model *model;
    int threads;
    size_t tokens;  /* prompt or context length */
    size_t context; /* positions of the session */
    /* Between setup and teardown. */
    struct suite_engine engine;
    struct sampler *sampler;
    struct kernel_set kernels; /* of the sampler */
    uint32_t *prompt;          /* [context] */
    double *times_ns;          /* [TIMES_MAX] of the current run */
    size_t time_count;
    double total_ns;
    double max_rel_error; /* of the check; negative = not checked */
    struct suite_spans spans;
};

/* ---- the check before timing ---- */

static int open_engine(struct generate_case *c, struct suite_engine *engine, const char *kernels, int threads,
                       bool all_logits, struct error *error)
{
    struct session_options options = {
        .context = c->context, .batch = MAX_PREFILL, .kv_format = FORMAT_F16, .all_logits = all_logits
    };
    return suite_engine_open(engine, c->suite, c->model, kernels, threads, &options, error);
}

/* Logits of the first CHECK_TOKENS tokens by the scalar kernels, computed once a model. */
static int make_reference(struct generate_case *c, struct error *error)
{
    if (c->model->reference != NULL)
        return 0;
    struct suite_engine scalar;
    const int threads = c->suite->threads[c->suite->thread_count - 1];
    int code = open_engine(c, &scalar, "scalar", threads, true, error);
    if (code != 0)
        return code;
    code = scalar.ops->prefill(scalar.session, c->prompt, CHECK_TOKENS, error);
    size_t rows = 0;
    const float *logits = code == 0 ? scalar.ops->logits(scalar.session, &rows) : NULL;
    if (logits != NULL && rows == CHECK_TOKENS) {
        const size_t bytes = CHECK_TOKENS * c->model->vocab_size * sizeof *logits;
        c->model->reference = mem_alloc(bytes);
        memcpy(c->model->reference, logits, bytes);
    } else if (code == 0) {
        code = error_set(error, ERROR_STATE, "%s: the scalar engine gave no logits", c->model->path);
    }
    suite_engine_close(&scalar);
    return code;
}

/* Feeds the same tokens (teacher forcing) to the engine under test, as a prompt and then one at a time. */
static int measure_error(struct generate_case *c, struct suite_engine *engine, double *worst, struct error *error)
{
    const size_t vocab_size = c->model->vocab_size;
    const float *reference = c->model->reference;
    size_t rows;
    int code = engine->ops->prefill(engine->session, c->prompt, CHECK_TOKENS, error);
    if (code != 0)
        return code;
    const float *logits = engine->ops->logits(engine->session, &rows);
    *worst = suite_relative_error(logits + (rows - 1) * vocab_size, reference + (CHECK_TOKENS - 1) * vocab_size, 1,
                                  vocab_size);
    code = engine->ops->rewind(engine->session, 0, error);
    for (size_t i = 0; i < CHECK_TOKENS && code == 0; i++) {
        code = engine->ops->decode(engine->session, c->prompt[i], error);
        if (code != 0)
            break;
        logits = engine->ops->logits(engine->session, &rows);
        double relative = suite_relative_error(logits, reference + i * vocab_size, 1, vocab_size);
        *worst = relative > *worst ? relative : *worst;
    }
    return code == 0 ? engine->ops->rewind(engine->session, 0, error) : code;
}

static void check_output(struct generate_case *c, struct benchmark_state *state)
{
    struct error error;
    const double bound = suite_tolerance(c->model);
    if (!c->suite->check || !c->model->has_variants)
        return;
    if (make_reference(c, &error) != 0 || measure_error(c, &c->engine, &c->max_rel_error, &error) != 0)
        benchmark_state_skip_with_error(state, "%s", error.text);
    else if (c->max_rel_error > bound)
        benchmark_state_skip_with_error(state, "logits differ from the scalar kernels': rel %.1e > %.0e",
                                        c->max_rel_error, bound);
}

/* ---- setup and teardown of a case ---- */

static int open_sampler(struct generate_case *c, struct error *error)
{
    struct cpu_info cpu;
    cpu_detect(&cpu);
    int code = kernel_select(&c->kernels, &cpu, NULL, error);
    return code != 0 ? code : sampler_create(&c->sampler, &SAMPLER_GREEDY, c->model->vocab_size, &c->kernels, error);
}

static void allocate(struct generate_case *c)
{
    c->prompt = mem_array(c->context, sizeof *c->prompt);
    c->times_ns = mem_array(TIMES_MAX, sizeof *c->times_ns);
    c->max_rel_error = -1;
    suite_tokens(c->model, c->prompt, c->context);
}

static void set_up(struct benchmark_state *state)
{
    struct generate_case *c = benchmark_state_user_data(state);
    struct error error;
    if (c->model->context_limit > 0 && c->model->context_limit < c->context) {
        benchmark_state_skip_with_message(state, "the model's context has only %zu positions", c->model->context_limit);
        return;
    }
    allocate(c);
    if (open_sampler(c, &error) != 0 || open_engine(c, &c->engine, c->suite->kernels, c->threads, false, &error) != 0) {
        benchmark_state_skip_with_error(state, "%s", error.text);
        return;
    }
    check_output(c, state);
    if (suite_spans_open(&c->spans, c->suite, &c->engine, c->model->layers, &error) != 0)
        benchmark_state_skip_with_error(state, "%s", error.text);
    benchmark_reset_peak_rss(); /* the scalar engine of the check does not count */
}

/* load opens its own engines. */
static void set_up_load(struct benchmark_state *state)
{
    allocate(benchmark_state_user_data(state));
    benchmark_reset_peak_rss();
}

static void tear_down(struct benchmark_state *state)
{
    struct generate_case *c = benchmark_state_user_data(state);
    suite_engine_close(&c->engine);
    suite_spans_close(&c->spans, benchmark_state_name(state));
    sampler_destroy(c->sampler);
    free(c->prompt);
    free(c->times_ns);
    c->sampler = NULL;
    c->prompt = NULL;
    c->times_ns = NULL;
}

/* ---- one run: single operations timed, facts set at the end ---- */

static void begin_run(struct generate_case *c, uint64_t *allocations, bool *counted)
{
    c->time_count = 0;
    c->total_ns = 0;
    suite_spans_begin_run(&c->spans);
    *counted = benchmark_allocation_count(allocations);
}

static void record(struct generate_case *c, struct benchmark_state *state, int64_t start_ns)
{
    double time_ns = (double)(clock_wall_ns() - start_ns);
    benchmark_state_add_value(state, time_ns);
    if (c->time_count < TIMES_MAX)
        c->times_ns[c->time_count++] = time_ns;
    c->total_ns += time_ns;
}

static void set_plain(struct benchmark_state *state, const char *name, double value)
{
    benchmark_state_set_counter(state, name, value, BENCHMARK_COUNTER_PLAIN);
}

/* Counters that all cases have; token_count: tokens of one iteration. */
static void end_run(struct generate_case *c, struct benchmark_state *state, uint64_t allocations, bool counted,
                    size_t token_count)
{
    const double iterations = (double)benchmark_state_iterations(state);
    double rss;
    uint64_t now;
    /* Before the first counter: those allocate. */
    counted = counted && benchmark_allocation_count(&now);
    if (c->time_count == 0)
        return;
    if (token_count > 0) {
        const double tokens = (double)token_count * iterations;
        set_plain(state, "tokens_per_second", tokens / (c->total_ns * 1e-9));
        if (counted)
            set_plain(state, "allocations_per_token", (double)(now - allocations) / tokens);
    }
    if (benchmark_peak_rss(&rss))
        set_plain(state, "peak_rss_bytes", rss);
    if (c->max_rel_error >= 0)
        set_plain(state, "max_rel_error", c->max_rel_error);
}

/* A percentile is only told when enough values lie beyond it: p99 of 64 tokens would be their maximum. */
static void set_percentiles(struct generate_case *c, struct benchmark_state *state)
{
    static const struct {
        const char *name;
        double share;
        size_t least;
    } percentiles[] = { { "token_p50_ms", 0.5, 1 }, { "token_p90_ms", 0.9, 10 }, { "token_p99_ms", 0.99, 100 } };
    for (size_t i = 0; i < sizeof percentiles / sizeof *percentiles; i++) {
        if (c->time_count >= percentiles[i].least)
            set_plain(state, percentiles[i].name,
                      suite_percentile(c->times_ns, c->time_count, percentiles[i].share) * 1e-6);
    }
}

/* ---- the four benchmarks ---- */

static void run_load(struct benchmark_state *state)
{
    struct generate_case *c = benchmark_state_user_data(state);
    const struct engine_options options = { .model = c->model->path, .kernels = c->suite->kernels, .threads = 1 };
    struct error error;
    uint64_t allocations;
    bool counted;
    begin_run(c, &allocations, &counted);
    while (benchmark_state_keep_running(state)) {
        struct engine *engine;
        int64_t start_ns = clock_wall_ns();
        if (c->suite->engine->open(&engine, &options, &error) != 0) {
            benchmark_state_skip_with_error(state, "%s", error.text);
            return;
        }
        record(c, state, start_ns);
        c->suite->engine->close(engine);
    }
    end_run(c, state, allocations, counted, 0);
    if (c->time_count > 0)
        set_plain(state, "load_ms", suite_percentile(c->times_ns, c->time_count, 0.5) * 1e-6);
}

/* Prompt on an empty context; draws the first token if there is a sampler to time. */
static int run_prompt(struct generate_case *c, bool draw, uint32_t *token, struct error *error)
{
    const struct engine_ops *ops = c->engine.ops;
    size_t rows;
    int code = ops->prefill(c->engine.session, c->prompt, c->tokens, error);
    if (code != 0 || !draw)
        return code;
    const int64_t start_ns = c->spans.active ? clock_wall_ns() : 0;
    const float *logits = ops->logits(c->engine.session, &rows);
    code = sampler_draw(c->sampler, logits + (rows - 1) * c->model->vocab_size, token, error);
    if (c->spans.active)
        suite_spans_add_sampling(&c->spans, (double)(clock_wall_ns() - start_ns));
    return code;
}

static void run_prompts(struct benchmark_state *state, bool draw)
{
    struct generate_case *c = benchmark_state_user_data(state);
    struct error error;
    uint64_t allocations;
    uint32_t token = 0;
    bool counted;
    begin_run(c, &allocations, &counted);
    while (benchmark_state_keep_running(state)) {
        suite_spans_begin_iteration(&c->spans);
        int64_t start_ns = clock_wall_ns();
        int code = run_prompt(c, draw, &token, &error);
        record(c, state, start_ns);
        suite_spans_end_iteration(&c->spans, state);
        if (code == 0)
            code = c->engine.ops->rewind(c->engine.session, 0, &error);
        if (code != 0) {
            benchmark_state_skip_with_error(state, "%s", error.text);
            return;
        }
    }
    end_run(c, state, allocations, counted, c->tokens);
    suite_spans_report(&c->spans, state, c->tokens);
    if (draw) {
        benchmark_state_set_output_digest(state, token);
        if (c->time_count > 0)
            set_plain(state, "ttft_ms", suite_percentile(c->times_ns, c->time_count, 0.5) * 1e-6);
    }
}

static void run_ttft(struct benchmark_state *state)
{
    run_prompts(state, true);
}

static void run_prefill(struct benchmark_state *state)
{
    run_prompts(state, false);
}

static void run_decode(struct benchmark_state *state)
{
    struct generate_case *c = benchmark_state_user_data(state);
    const struct engine_ops *ops = c->engine.ops;
    struct error error;
    uint64_t allocations;
    bool counted;
    int code = ops->rewind(c->engine.session, 0, &error);
    if (code == 0)
        code = ops->prefill(c->engine.session, c->prompt, c->tokens, &error);
    begin_run(c, &allocations, &counted);
    size_t position = c->tokens;
    while (code == 0 && benchmark_state_keep_running(state)) {
        if (position == c->context) {
            position = c->tokens;
            code = ops->rewind(c->engine.session, position, &error);
            if (code != 0)
                break;
        }
        suite_spans_begin_iteration(&c->spans);
        int64_t start_ns = clock_wall_ns();
        code = ops->decode(c->engine.session, c->prompt[position++], &error);
        record(c, state, start_ns);
        suite_spans_end_iteration(&c->spans, state);
    }
    if (code != 0) {
        benchmark_state_skip_with_error(state, "%s", error.text);
        return;
    }
    end_run(c, state, allocations, counted, 1);
    suite_spans_report(&c->spans, state, 1);
    set_percentiles(c, state);
}

/* ---- registration ---- */

static void add_case(struct suite *suite, struct suite_model *model, const char *name, benchmark_function *function,
                     int threads, size_t tokens)
{
    const size_t context = function == run_decode ? tokens + DECODE_RUN : tokens;
    struct generate_case *c = arena_alloc(&suite->arena, sizeof *c);
    *c = (struct generate_case){
        .suite = suite, .model = model, .threads = threads, .tokens = tokens, .context = context
    };
    struct benchmark *family = benchmark_register(name, function, c);
    benchmark_setup_case(family, function == run_load ? set_up_load : set_up);
    benchmark_teardown_case(family, tear_down);
    benchmark_unit(family, BENCHMARK_MILLISECOND);
}

/* From a short question, where unpacking weights weighs most, to a page. */
static const size_t prefill_tokens[] = { 32, 128, MAX_PREFILL };

static void add_model(struct suite *suite, struct suite_model *model)
{
    const char *name = model->name, *format = model->format;
    add_case(suite, model, suite_format(suite, "load/%s/%s", name, format), run_load, 1, TTFT_PROMPT);
    for (size_t i = 0; i < suite->thread_count; i++) {
        const int threads = suite->threads[i];
        add_case(suite, model,
                 suite_format(suite, "ttft/%s/%s/prompt:%d/threads:%d", name, format, TTFT_PROMPT, threads), run_ttft,
                 threads, TTFT_PROMPT);
        for (size_t j = 0; j < sizeof prefill_tokens / sizeof prefill_tokens[0]; j++)
            add_case(
                suite, model,
                suite_format(suite, "prefill/%s/%s/tokens:%zu/threads:%d", name, format, prefill_tokens[j], threads),
                run_prefill, threads, prefill_tokens[j]);
        add_case(suite, model,
                 suite_format(suite, "decode/%s/%s/ctx:%d/threads:%d", name, format, DECODE_CONTEXT, threads),
                 run_decode, threads, DECODE_CONTEXT);
    }
}

int main(int argc, char **argv)
{
    struct suite suite;
    int exit_code;
    if (!suite_start(&suite, &argc, argv, SUITE_MODELS | SUITE_THREADS | SUITE_SPANS, &exit_code))
        return exit_code;
    for (size_t i = 0; i < suite.model_count; i++)
        add_model(&suite, &suite.models[i]);
    return suite_finish(&suite);
}
