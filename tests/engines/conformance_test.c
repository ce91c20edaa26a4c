/* conformance_test.c: the contract of engine.h, checked for every row of engine_table. The native engine runs on tiny
 * synthesized models, the stub on a script. */
#include "engines/engine.h"

#include "engines/native/synth.h"
#include "harness/base/clock.h"
#include "harness/base/file.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { CONTEXT = 24, PROMPT = 9, MODEL_MAX = 3 };

/* What one engine is run on. */
struct subject {
    const struct engine_ops *ops;
    char model[256];
    bool is_file;
};

struct fixture {
    const struct subject *subject;
    struct engine *engine;
    struct engine_info info;
    uint32_t prompt[PROMPT];
};

static void fill_prompt(struct fixture *fixture)
{
    for (uint32_t i = 0; i < PROMPT; i++)
        fixture->prompt[i] = (i * 37 + 5) % (uint32_t)fixture->info.vocab_size;
}

static int open_fixture(void **state)
{
    const struct subject *subject = *state;
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct error error;
    struct engine_options options = { .model = subject->model, .threads = 2 };
    fixture->subject = subject;
    if (subject->ops->open(&fixture->engine, &options, &error) ||
        subject->ops->describe(fixture->engine, &fixture->info, &error)) {
        fprintf(stderr, "%s\n", error.text);
        return -1;
    }
    fill_prompt(fixture);
    *state = fixture;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *fixture = *state;
    fixture->subject->ops->close(fixture->engine);
    free(fixture);
    return 0;
}

static struct session *open_session(const struct fixture *fixture, struct session_options options)
{
    struct session *session;
    struct error error;
    if (!options.context)
        options.context = CONTEXT;
    if (fixture->subject->ops->session_open(&session, fixture->engine, &options, &error))
        fail_msg("%s", error.text);
    return session;
}

static void succeed(int code, const struct error *error)
{
    if (code)
        fail_msg("%s", error->text);
}

/* A failure must carry its code and one line of text. */
static void check_failure(int code, int want, const struct error *error)
{
    assert_int_equal(code, want);
    assert_int_equal(error->code, want);
    assert_true(error->text[0] != 0);
    assert_null(strchr(error->text, '\n'));
}

static float *copy_logits(const struct fixture *fixture, struct session *session, size_t want_rows)
{
    size_t rows, bytes = fixture->info.vocab_size * want_rows * sizeof(float);
    const float *logits = fixture->subject->ops->logits(session, &rows);
    assert_int_equal(rows, want_rows);
    assert_non_null(logits);
    float *copy = malloc(bytes);
    memcpy(copy, logits, bytes);
    return copy;
}

/* rms(a - b) / rms(b) */
static double difference(const float *a, const float *b, size_t count)
{
    double square = 0, size = 0;
    for (size_t i = 0; i < count; i++) {
        square += pow((double)a[i] - (double)b[i], 2);
        size += pow((double)b[i], 2);
    }
    return sqrt(square / size);
}

/* A batch of tokens and one token at a time go through different kernels, with different roundings of activations. */
static const double path_tolerance = 3e-2;

/* ---- the contract ---- */

static void describes_itself(void **state)
{
    const struct fixture *fixture = *state;
    const struct engine_info *info = &fixture->info;
    assert_string_equal(info->engine, fixture->subject->ops->name);
    assert_non_null(info->model_name);
    assert_non_null(info->architecture);
    assert_non_null(info->format);
    assert_true(info->vocab_size > 0 && info->layers > 0 && info->context_limit > 0);
    assert_int_equal(info->threads, 2);
    for (size_t i = 0; i < info->choice_count; i++) {
        assert_non_null(info->choices[i].operation);
        assert_non_null(info->choices[i].variant);
    }
    assert_true(strlen(fixture->subject->ops->summary) > 0);
    assert_ptr_equal(engine_find(fixture->subject->ops->name), fixture->subject->ops);
}

static void refuses_bad_models(void **state)
{
    const struct fixture *fixture = *state;
    struct engine *engine;
    struct error error = { 0 };
    struct engine_options options = { .model = "no such model", .threads = 1 };
    int code = fixture->subject->ops->open(&engine, &options, &error);
    assert_true(code != 0);
    check_failure(code, code, &error);
    assert_null(engine);
    options = (struct engine_options){ .model = fixture->subject->model, .threads = 0 };
    check_failure(fixture->subject->ops->open(&engine, &options, &error), ERROR_USAGE, &error);
    assert_null(engine);
    fixture->subject->ops->close(NULL);
    fixture->subject->ops->session_close(NULL);
}

static void starts_empty(void **state)
{
    const struct fixture *fixture = *state;
    const struct engine_ops *ops = fixture->subject->ops;
    struct session_info info;
    struct session *session = open_session(fixture, (struct session_options){ .kv_format = FORMAT_F16 });
    ops->session_describe(session, &info);
    assert_int_equal(info.position, 0);
    assert_int_equal(info.context, CONTEXT);
    assert_null(ops->logits(session, NULL));
    ops->session_close(session);
    session = open_session(fixture, (struct session_options){ .context = 0, .kv_format = FORMAT_F32 });
    ops->session_describe(session, &info);
    assert_true(info.context > 0);
    ops->session_close(session);
    struct session_options bad = { .context = CONTEXT, .kv_format = FORMAT_Q8_0 };
    struct error error;
    check_failure(ops->session_open(&session, fixture->engine, &bad, &error), ERROR_USAGE, &error);
    assert_null(session);
}

static void prefill_and_decode_agree(void **state)
{
    const struct fixture *fixture = *state;
    const struct engine_ops *ops = fixture->subject->ops;
    size_t vocab = fixture->info.vocab_size;
    struct session_info info;
    struct error error;
    struct session *a = open_session(fixture, (struct session_options){ .kv_format = FORMAT_F32, .all_logits = true });
    struct session *b = open_session(fixture, (struct session_options){ .kv_format = FORMAT_F32 });
    succeed(ops->prefill(a, fixture->prompt, PROMPT, &error), &error);
    float *whole = copy_logits(fixture, a, PROMPT);
    for (size_t i = 0; i < PROMPT; i++) {
        succeed(ops->decode(b, fixture->prompt[i], &error), &error);
        float *single = copy_logits(fixture, b, 1);
        assert_true(difference(single, whole + i * vocab, vocab) < path_tolerance);
        free(single);
        ops->session_describe(b, &info);
        assert_int_equal(info.position, i + 1);
    }
    free(whole);
    ops->session_close(a);
    ops->session_close(b);
}

static void batches_do_not_matter(void **state)
{
    const struct fixture *fixture = *state;
    const struct engine_ops *ops = fixture->subject->ops;
    struct error error;
    float *first = NULL;
    for (size_t batch = 2; batch <= PROMPT; batch++) {
        struct session *session = open_session(
            fixture, (struct session_options){ .batch = batch, .kv_format = FORMAT_F32, .all_logits = true });
        succeed(ops->prefill(session, fixture->prompt, PROMPT, &error), &error);
        float *logits = copy_logits(fixture, session, PROMPT);
        if (first) {
            assert_true(difference(logits, first, PROMPT * fixture->info.vocab_size) < path_tolerance);
            free(logits);
        } else {
            first = logits;
        }
        ops->session_close(session);
    }
    free(first);
}

static void same_calls_same_logits(void **state)
{
    const struct fixture *fixture = *state;
    const struct engine_ops *ops = fixture->subject->ops;
    struct error error;
    float *first = NULL;
    for (int round = 0; round < 3; round++) {
        struct session *session = open_session(fixture, (struct session_options){ .kv_format = FORMAT_F16 });
        succeed(ops->prefill(session, fixture->prompt, PROMPT, &error), &error);
        for (uint32_t i = 0; i < 4; i++)
            succeed(ops->decode(session, i, &error), &error);
        float *logits = copy_logits(fixture, session, 1);
        if (first) {
            assert_memory_equal(logits, first, fixture->info.vocab_size * sizeof *first);
            free(logits);
        } else {
            first = logits;
        }
        ops->session_close(session);
    }
    free(first);
}

static void history_matters(void **state)
{
    const struct fixture *fixture = *state;
    const struct engine_ops *ops = fixture->subject->ops;
    struct error error;
    uint32_t other[PROMPT];
    memcpy(other, fixture->prompt, sizeof other);
    other[0] = (other[0] + 1) % (uint32_t)fixture->info.vocab_size;
    struct session *session = open_session(fixture, (struct session_options){ .kv_format = FORMAT_F32 });
    succeed(ops->prefill(session, fixture->prompt, PROMPT, &error), &error);
    float *a = copy_logits(fixture, session, 1);
    succeed(ops->rewind(session, 0, &error), &error);
    succeed(ops->prefill(session, other, PROMPT, &error), &error);
    float *b = copy_logits(fixture, session, 1);
    assert_true(difference(a, b, fixture->info.vocab_size) > 1e-6);
    free(a);
    free(b);
    ops->session_close(session);
}

static void rewinds(void **state)
{
    const struct fixture *fixture = *state;
    const struct engine_ops *ops = fixture->subject->ops;
    struct error error = { 0 };
    struct session_info info;
    struct session *session = open_session(fixture, (struct session_options){ .kv_format = FORMAT_F16 });
    succeed(ops->prefill(session, fixture->prompt, PROMPT, &error), &error);
    succeed(ops->decode(session, 1, &error), &error);
    float *want = copy_logits(fixture, session, 1);
    succeed(ops->decode(session, 2, &error), &error);
    succeed(ops->rewind(session, PROMPT, &error), &error);
    assert_null(ops->logits(session, NULL));
    succeed(ops->decode(session, 1, &error), &error);
    float *got = copy_logits(fixture, session, 1);
    assert_memory_equal(got, want, fixture->info.vocab_size * sizeof *want);
    check_failure(ops->rewind(session, PROMPT + 2, &error), ERROR_USAGE, &error);
    ops->session_describe(session, &info);
    assert_int_equal(info.position, PROMPT + 1);
    free(want);
    free(got);
    ops->session_close(session);
}

static void failures_leave_the_session(void **state)
{
    const struct fixture *fixture = *state;
    const struct engine_ops *ops = fixture->subject->ops;
    uint32_t many[CONTEXT + 1] = { 0 }, outside = (uint32_t)fixture->info.vocab_size;
    struct error error = { 0 };
    struct session_info info;
    struct session *session = open_session(fixture, (struct session_options){ .kv_format = FORMAT_F16 });
    check_failure(ops->prefill(session, many, CONTEXT + 1, &error), ERROR_LIMIT, &error);
    check_failure(ops->prefill(session, many, 0, &error), ERROR_USAGE, &error);
    check_failure(ops->decode(session, outside, &error), ERROR_USAGE, &error);
    many[3] = outside;
    check_failure(ops->prefill(session, many, 4, &error), ERROR_USAGE, &error);
    ops->session_describe(session, &info);
    assert_int_equal(info.position, 0);
    many[3] = 0;
    succeed(ops->prefill(session, many, CONTEXT, &error), &error);
    check_failure(ops->decode(session, 0, &error), ERROR_LIMIT, &error);
    ops->session_describe(session, &info);
    assert_int_equal(info.position, CONTEXT);
    /* Errors may be dropped. */
    assert_int_equal(ops->decode(session, 0, NULL), ERROR_LIMIT);
    ops->session_close(session);
}

static void snapshots(void **state)
{
    const struct fixture *fixture = *state;
    const struct engine_ops *ops = fixture->subject->ops;
    size_t vocab_bytes = fixture->info.vocab_size * sizeof(float), size;
    struct error error = { 0 };
    struct session_info info;
    void *data;
    if (!ops->snapshot || !ops->restore)
        skip();
    struct session *a = open_session(fixture, (struct session_options){ .kv_format = FORMAT_F16 });
    succeed(ops->prefill(a, fixture->prompt, PROMPT, &error), &error);
    float *at_snapshot = copy_logits(fixture, a, 1);
    succeed(ops->snapshot(a, &data, &size, &error), &error);
    succeed(ops->decode(a, 3, &error), &error);
    float *after = copy_logits(fixture, a, 1);

    struct session *b =
        open_session(fixture, (struct session_options){ .context = CONTEXT + 9, .kv_format = FORMAT_F16 });
    succeed(ops->restore(b, data, size, &error), &error);
    float *restored = copy_logits(fixture, b, 1);
    assert_memory_equal(restored, at_snapshot, vocab_bytes);
    free(restored);
    succeed(ops->decode(b, 3, &error), &error);
    restored = copy_logits(fixture, b, 1);
    assert_memory_equal(restored, after, vocab_bytes);

    /* Truncated and foreign bytes, and a session too small: refused, and the session is what it was. */
    struct session *small =
        open_session(fixture, (struct session_options){ .context = PROMPT - 1, .kv_format = FORMAT_F16 });
    check_failure(ops->restore(small, data, size, &error), ERROR_LIMIT, &error);
    check_failure(ops->restore(b, data, size - 1, &error), ERROR_FORMAT, &error);
    check_failure(ops->restore(b, data, 3, &error), ERROR_FORMAT, &error);
    *(char *)data ^= 1;
    check_failure(ops->restore(b, data, size, &error), ERROR_FORMAT, &error);
    ops->session_describe(b, &info);
    assert_int_equal(info.position, PROMPT + 1);
    free(data);
    free(at_snapshot);
    free(after);
    free(restored);
    ops->session_close(small);
    ops->session_close(b);
    ops->session_close(a);
}

static void text(void **state)
{
    const struct fixture *fixture = *state;
    const struct engine_ops *ops = fixture->subject->ops;
    static const char want[] = "The quick brown fox\n  jumps: \xC3\xA9!";
    struct error error = { 0 };
    uint32_t *tokens;
    size_t count, used = 0;
    char got[256];
    if (!ops->tokenize || !ops->token_bytes)
        skip();
    succeed(ops->tokenize(fixture->engine, want, strlen(want), 0, &tokens, &count, &error), &error);
    for (size_t i = 0; i < count; i++) {
        const char *bytes;
        size_t length;
        assert_true(tokens[i] < fixture->info.vocab_size);
        succeed(ops->token_bytes(fixture->engine, tokens[i], &bytes, &length, &error), &error);
        assert_true(used + length <= sizeof got);
        memcpy(got + used, bytes, length);
        used += length;
    }
    assert_int_equal(used, strlen(want));
    assert_memory_equal(got, want, used);
    free(tokens);
    const char *bytes;
    check_failure(ops->token_bytes(fixture->engine, (uint32_t)fixture->info.vocab_size, &bytes, &used, &error),
                  ERROR_USAGE, &error);
    struct token_info info;
    if (ops->token_info && ops->token_ends) {
        succeed(ops->token_info(fixture->engine, &info, &error), &error);
        assert_true(info.eos < (int64_t)fixture->info.vocab_size && info.bos < (int64_t)fixture->info.vocab_size);
        if (info.eos >= 0)
            assert_true(ops->token_ends(fixture->engine, (uint32_t)info.eos));
    }
}

static void parts(void **state)
{
    const struct fixture *fixture = *state;
    const struct engine_ops *ops = fixture->subject->ops;
    size_t width = fixture->info.width, rows;
    struct error error = { 0 };
    struct session_info info;
    if (!ops->run_part)
        skip();
    float *x = malloc(PROMPT * width * sizeof *x), *y = malloc(PROMPT * width * sizeof *x);
    struct session *session = open_session(fixture, (struct session_options){ .kv_format = FORMAT_F32 });
    for (size_t count = 1; count <= PROMPT; count += PROMPT - 1) {
        for (size_t i = 0; i < PROMPT * width; i++)
            x[i] = y[i] = sinf((float)i);
        for (int part = 0; part < PART_OUTPUT; part++) {
            memcpy(y, x, count * width * sizeof *x);
            succeed(ops->run_part(session, (enum engine_part)part, 0, y, count, &error), &error);
            /* At position 0 the rotation is by no angle at all. */
            if (part != PART_ROPE || count > 1)
                assert_true(difference(y, x, count * width) > 1e-6);
        }
        /* Attention and feed-forward are the layer. */
        memcpy(y, x, count * width * sizeof *x);
        succeed(ops->run_part(session, PART_LAYER, 0, y, count, &error), &error);
        succeed(ops->run_part(session, PART_ATTENTION, 0, x, count, &error), &error);
        succeed(ops->run_part(session, PART_FFN, 0, x, count, &error), &error);
        assert_memory_equal(x, y, count * width * sizeof *x);
        succeed(ops->run_part(session, PART_OUTPUT, 0, x, count, &error), &error);
        assert_non_null(ops->logits(session, &rows));
        assert_int_equal(rows, 1);
    }
    ops->session_describe(session, &info);
    assert_int_equal(info.position, 0);
    check_failure(ops->run_part(session, PART_LAYER, fixture->info.layers, x, 1, &error), ERROR_USAGE, &error);
    check_failure(ops->run_part(session, PART_LAYER, 0, x, 0, &error), ERROR_USAGE, &error);
    free(x);
    free(y);
    ops->session_close(session);
}

/* ---- subjects ---- */

static void synthesize(struct subject *subject, const char *shape, const char *format)
{
    struct error error;
    const char *directory = getenv("TMPDIR");
    snprintf(subject->model, sizeof subject->model, "%s/prony-conformance-%d-%s.gguf", directory ? directory : "/tmp",
             (int)getpid(), shape);
    subject->is_file = true;
    struct synth_options options = {
        .shape = shape, .format = format, .path = subject->model, .seed = 1, .threads = 2, .vocab_size = 512
    };
    if (synth_write(&options, NULL, &error)) {
        fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
}

/* Prefill and one token, traced or not; the logits of both. */
static float *run_traced(const struct fixture *fixture, struct engine_trace *trace)
{
    const struct engine_ops *ops = fixture->subject->ops;
    size_t vocab = fixture->info.vocab_size;
    struct error error;
    struct session *session = open_session(fixture, (struct session_options){ .kv_format = FORMAT_F16 });
    float *logits = malloc(2 * vocab * sizeof *logits);
    if (trace)
        succeed(ops->trace(session, trace, &error), &error);
    succeed(ops->prefill(session, fixture->prompt, PROMPT, &error), &error);
    memcpy(logits, ops->logits(session, NULL), vocab * sizeof *logits);
    succeed(ops->decode(session, fixture->prompt[0], &error), &error);
    memcpy(logits + vocab, ops->logits(session, NULL), vocab * sizeof *logits);
    if (trace) {
        size_t count = trace->lanes[0].count;
        succeed(ops->trace(session, NULL, &error), &error);
        succeed(ops->decode(session, fixture->prompt[0], &error), &error);
        assert_int_equal(trace->lanes[0].count, count);
    }
    ops->session_close(session);
    return logits;
}

static void check_lane(const struct fixture *fixture, const struct engine_lane *lane, int64_t start_ns, int64_t end_ns)
{
    int64_t last_ns = start_ns;
    for (size_t i = 0; i < lane->count; i++) {
        const struct engine_span *span = &lane->spans[i];
        assert_true(span->start_ns >= last_ns && span->end_ns >= span->start_ns);
        assert_true(span->operation < OPERATION_COUNT);
        assert_true(span->layer >= -1 && span->layer < (int)fixture->info.layers);
        last_ns = span->end_ns;
    }
    assert_true(last_ns <= end_ns);
}

static void traces(void **state)
{
    const struct fixture *fixture = *state;
    struct engine_trace trace, small;
    struct error error;
    if (!fixture->subject->ops->trace)
        skip();
    succeed(engine_trace_open(&trace, (size_t)fixture->info.threads, 4096, &error), &error);
    succeed(engine_trace_open(&small, (size_t)fixture->info.threads, 3, &error), &error);
    int64_t start_ns = clock_wall_ns();
    float *traced = run_traced(fixture, &trace);
    int64_t end_ns = clock_wall_ns();
    float *overflown = run_traced(fixture, &small), *plain = run_traced(fixture, NULL);
    assert_memory_equal(traced, plain, 2 * fixture->info.vocab_size * sizeof *plain);
    assert_memory_equal(overflown, plain, 2 * fixture->info.vocab_size * sizeof *plain);
    assert_true(trace.lanes[0].count > 0);
    for (size_t i = 0; i < trace.lane_count; i++) {
        check_lane(fixture, &trace.lanes[i], start_ns, end_ns);
        assert_int_equal(trace.lanes[i].dropped, 0);
    }
    assert_int_equal(small.lanes[0].count, 3);
    assert_true(small.lanes[0].dropped > 0);
    free(traced);
    free(overflown);
    free(plain);
    engine_trace_close(&trace);
    engine_trace_close(&small);
}

static void refuses_small_traces(void **state)
{
    const struct fixture *fixture = *state;
    const struct engine_ops *ops = fixture->subject->ops;
    struct engine_trace none = { 0 };
    struct error error;
    if (!ops->trace)
        skip();
    struct session *session = open_session(fixture, (struct session_options){ .kv_format = FORMAT_F16 });
    check_failure(ops->trace(session, &none, &error), ERROR_USAGE, &error);
    succeed(ops->decode(session, fixture->prompt[0], &error), &error);
    ops->session_close(session);
}

static size_t make_subjects(const struct engine_ops *ops, struct subject *subjects)
{
    static const char *const models[MODEL_MAX][2] = { { "tiny-llama", "f16" },
                                                      { "tiny-qwen2", "q8_0" },
                                                      { "tiny-qwen3", "q4_K_M" } };
    for (size_t i = 0; i < MODEL_MAX; i++)
        subjects[i] = (struct subject){ .ops = ops };
    if (!strcmp(ops->name, "native")) {
        for (size_t i = 0; i < MODEL_MAX; i++)
            synthesize(&subjects[i], models[i][0], models[i][1]);
        return MODEL_MAX;
    }
    strcpy(subjects[0].model, !strcmp(ops->name, "stub") ? "vocab=300,seed=3" : "");
    return 1;
}

static int run_subject(struct subject *subject)
{
    const struct {
        const char *name;
        CMUnitTestFunction run;
    } cases[] = {
        { "describes itself", describes_itself },
        { "refuses bad models", refuses_bad_models },
        { "starts empty", starts_empty },
        { "prefill and decode agree", prefill_and_decode_agree },
        { "batches do not matter", batches_do_not_matter },
        { "same calls, same logits", same_calls_same_logits },
        { "history matters", history_matters },
        { "rewinds", rewinds },
        { "failures leave the session", failures_leave_the_session },
        { "snapshots", snapshots },
        { "text", text },
        { "parts", parts },
        { "traces", traces },
        { "refuses small traces", refuses_small_traces },
    };
    enum { CASES = sizeof cases / sizeof cases[0] };
    struct CMUnitTest tests[CASES];
    for (size_t i = 0; i < CASES; i++)
        tests[i] = (struct CMUnitTest){ cases[i].name, cases[i].run, open_fixture, close_fixture, subject };
    printf("engine %s, model %s\n", subject->ops->name, subject->model);
    return cmocka_run_group_tests_name(subject->ops->name, tests, NULL, NULL);
}

int main(void)
{
    int failed = 0;
    for (const struct engine_ops *const *row = engine_table; *row; row++) {
        struct subject subjects[MODEL_MAX];
        size_t count = make_subjects(*row, subjects);
        for (size_t i = 0; i < count; i++) {
            failed += run_subject(&subjects[i]);
            if (subjects[i].is_file)
                unlink(subjects[i].model);
        }
    }
    return failed != 0;
}
