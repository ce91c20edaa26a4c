/* reference_test.c: the native engine against recorded outputs of llama.cpp and of exact arithmetic
 * (testdata/reference). Skipped where there is no testdata. How close is right: see that folder's README. */
#include "engines/engine.h"

#include "engines/sampler.h"
#include "harness/base/cpu.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { STORY_TOKENS = 200 };

static const char *testdata(void)
{
    const char *path = getenv("PRONY_TESTDATA");
    return path ? path : "../shared/testdata";
}

static void need_testdata(void)
{
    char path[512];
    snprintf(path, sizeof path, "%s/reference", testdata());
    if (!file_exists(path)) {
        printf("skipped: no testdata\n");
        skip();
    }
}

/* A whole reference file; the caller frees it. */
static char *read_reference(const char *directory, const char *prompt, const char *what, size_t *size_bytes)
{
    char path[512], *data;
    struct error error;
    snprintf(path, sizeof path, "%s/reference/%s/%s.%s", testdata(), directory, prompt, what);
    if (file_read(path, &data, size_bytes, &error))
        fail_msg("%s", error.text);
    return data;
}

static size_t read_ids(const char *directory, const char *prompt, const char *what, uint32_t *ids, size_t max)
{
    size_t size, count = 0;
    char *text = read_reference(directory, prompt, what, &size), *end = text;
    for (;;) {
        char *start = end;
        unsigned long id = strtoul(start, &end, 10);
        if (end == start || count == max)
            break;
        ids[count++] = (uint32_t)id;
    }
    free(text);
    return count;
}

/* rms(got - want) / std(want) over the last rows that the reference has. */
static double relative_error(const float *got, size_t got_count, const float *want, size_t want_count)
{
    double mean = 0, square = 0, spread = 0;
    assert_true(want_count && got_count >= want_count);
    got += got_count - want_count;
    for (size_t i = 0; i < want_count; i++)
        mean += (double)want[i] / (double)want_count;
    for (size_t i = 0; i < want_count; i++) {
        square += pow((double)got[i] - (double)want[i], 2);
        spread += pow((double)want[i] - mean, 2);
    }
    return sqrt(square / spread);
}

static struct engine *open_model(const char *name, const char *kernels, int threads)
{
    char path[512];
    struct engine *engine;
    struct error error;
    snprintf(path, sizeof path, "%s/models/%s.gguf", testdata(), name);
    struct engine_options options = { .model = path, .kernels = kernels, .threads = threads };
    if (engine_find("native")->open(&engine, &options, &error))
        fail_msg("%s", error.text);
    return engine;
}

static double prompt_error(struct engine *engine, const char *directory, const char *prompt, enum tensor_format kv)
{
    const struct engine_ops *native = engine_find("native");
    uint32_t ids[256];
    size_t count = read_ids(directory, prompt, "tokens.txt", ids, 256), size, rows;
    struct engine_info info;
    struct session *session;
    struct error error;
    struct session_options options = { .context = count, .kv_format = kv, .all_logits = true };
    assert_int_equal(native->describe(engine, &info, &error), 0);
    if (native->session_open(&session, engine, &options, &error) || native->prefill(session, ids, count, &error))
        fail_msg("%s", error.text);
    const float *logits = native->logits(session, &rows);
    assert_int_equal(rows, count);
    char *want = read_reference(directory, prompt, "logits.f32", &size);
    double result =
        relative_error(logits, rows * info.vocab_size, (const float *)(const void *)want, size / sizeof(float));
    free(want);
    native->session_close(session);
    return result;
}

/* ---- stories260K: a trained model ---- */

static void check_story(const char *kernels, const char *prompt, int threads)
{
    const struct engine_ops *native = engine_find("native");
    struct engine *engine = open_model("stories260K", kernels, threads);
    double error_f32 = prompt_error(engine, "stories260K", prompt, FORMAT_F32);
    if (!(error_f32 <= 1e-5))
        fail_msg("%s with kernels %s: rel %g", prompt, kernels ? kernels : "default", error_f32);

    uint32_t ids[STORY_TOKENS], *tokens;
    size_t count, size, text_size, used = 0;
    struct session *session;
    struct error error;
    char *text = read_reference("stories260K", prompt, "prompt.txt", &size), story[4096];
    assert_int_equal(native->tokenize(engine, text, size, TOKENIZE_ADD_SPECIAL, &tokens, &count, &error), 0);
    assert_int_equal(read_ids("stories260K", prompt, "tokens.txt", ids, STORY_TOKENS), count);
    assert_memory_equal(tokens, ids, count * sizeof *ids);
    assert_int_equal(read_ids("stories260K", prompt, "greedy_ids.txt", ids, STORY_TOKENS), STORY_TOKENS);
    struct session_options options = { .context = count + STORY_TOKENS, .kv_format = FORMAT_F32 };
    struct cpu_info cpu;
    struct kernel_set set;
    struct sampler *sampler;
    struct engine_info info;
    cpu_detect(&cpu);
    assert_int_equal(kernel_select(&set, &cpu, kernels, &error), 0);
    assert_int_equal(native->describe(engine, &info, &error), 0);
    assert_int_equal(sampler_create(&sampler, &SAMPLER_GREEDY, info.vocab_size, &set, &error), 0);
    assert_int_equal(native->session_open(&session, engine, &options, &error), 0);
    assert_int_equal(native->prefill(session, tokens, count, &error), 0);
    for (size_t i = 0; i < STORY_TOKENS; i++) {
        const char *bytes;
        size_t length;
        uint32_t token;
        assert_int_equal(sampler_draw(sampler, native->logits(session, NULL), &token, &error), 0);
        assert_int_equal(token, ids[i]);
        assert_int_equal(native->token_bytes(engine, token, &bytes, &length, &error), 0);
        assert_true(used + length < sizeof story);
        memcpy(story + used, bytes, length);
        used += length;
        if (i + 1 < STORY_TOKENS)
            assert_int_equal(native->decode(session, token, &error), 0);
    }
    char *want = read_reference("stories260K", prompt, "greedy_text.txt", &text_size);
    assert_int_equal(used, text_size);
    assert_memory_equal(story, want, used);
    free(want);
    free(text);
    free(tokens);
    sampler_destroy(sampler);
    native->session_close(session);
    native->close(engine);
}

static void stories(void **state)
{
    (void)state;
    need_testdata();
    check_story("scalar", "p1", 1);
    check_story("scalar", "p2", 2);
    check_story(NULL, "p1", 2);
    check_story(NULL, "p2", 1);
}

/* ---- tiny-qwen2: random weights in every format ---- */

static void check_format(const char *format, double limit, const char *kernels, size_t prompt_count)
{
    static const enum tensor_format caches[] = { FORMAT_F16, FORMAT_F32 };
    static const char *const prompts[] = { "p1", "p2" };
    char model[64], directory[96];
    snprintf(model, sizeof model, "tiny-qwen2-%s", format);
    snprintf(directory, sizeof directory, "%s/exact", model);
    struct engine *engine = open_model(model, kernels, 2);
    for (size_t i = 0; i < 2 * prompt_count; i++) {
        double rel = prompt_error(engine, directory, prompts[i / 2], caches[i % 2]);
        if (!(rel <= limit))
            fail_msg("%s, %s, KV cache %s, kernels %s: rel %g > %g", model, prompts[i / 2],
                     format_table[caches[i % 2]].name, kernels ? kernels : "default", rel, limit);
    }
    engine_find("native")->close(engine);
}

static void formats(void **state)
{
    (void)state;
    static const char *const quantized[] = { "q8_0", "q4_0", "q4_1", "q5_0", "q5_1", "q4_K_M", "q5_K_M", "q6_K" };
    need_testdata();
    for (size_t i = 0; i < sizeof quantized / sizeof quantized[0]; i++)
        check_format(quantized[i], 2e-2, NULL, 2);
    check_format("f16", 1e-3, NULL, 2);
}

/* Scalar kernels are slow; one format of each family and the short prompt stand for the rest, which the kernel tests
 * compare. */
static void formats_scalar(void **state)
{
    (void)state;
    static const char *const quantized[] = { "q8_0", "q5_1", "q4_K_M" };
    need_testdata();
    for (size_t i = 0; i < sizeof quantized / sizeof quantized[0]; i++)
        check_format(quantized[i], 2e-2, "scalar", 1);
    check_format("f16", 1e-3, "scalar", 1);
}

static void formats_avx2(void **state)
{
    (void)state;
    struct cpu_info cpu;
    need_testdata();
    cpu_detect(&cpu);
    if (!(cpu.features & CPU_AVX2))
        skip();
    check_format("q8_0", 2e-2, "avx2", 1);
    check_format("q4_K_M", 2e-2, "avx2", 1);
    check_format("f16", 1e-3, "avx2", 1);
}

static void unsupported_formats_are_named(void **state)
{
    (void)state;
    char path[512];
    struct engine *engine;
    struct error error;
    need_testdata();
    snprintf(path, sizeof path, "%s/models/tiny-qwen2-q2_K.gguf", testdata());
    struct engine_options options = { .model = path, .threads = 1 };
    assert_int_equal(engine_find("native")->open(&engine, &options, &error), ERROR_UNSUPPORTED);
    assert_null(engine);
    assert_non_null(strstr(error.text, "ggml type 10 (q2_K)"));
}

static void a_vocabulary_is_no_model(void **state)
{
    (void)state;
    char path[512];
    struct engine *engine;
    struct error error;
    need_testdata();
    snprintf(path, sizeof path, "%s/vocab/ggml-vocab-qwen2.gguf", testdata());
    struct engine_options options = { .model = path, .threads = 1 };
    assert_int_equal(engine_find("native")->open(&engine, &options, &error), ERROR_FORMAT);
    assert_non_null(strstr(error.text, "no tensors"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stories),
        cmocka_unit_test(formats),
        cmocka_unit_test(formats_scalar),
        cmocka_unit_test(formats_avx2),
        cmocka_unit_test(unsupported_formats_are_named),
        cmocka_unit_test(a_vocabulary_is_no_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
