/* synth_test.c: synthesized models: tensors and formats of the published shapes, distributions, and the same bytes
 * whatever the number of threads. */
#include "engines/native/synth.h"
#include "engines/native/gguf.h"
#include "engines/native/synth_plan.h"
#include "engines/native/synth_weights.h"
#include "engines/native/tokenizer.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "tests/support/gguf_builder.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { SOURCE_TOKENS = 300 };

struct fixture {
    char directory[64];
    char vocab[96], path[96], other[96];
};

static void assert_ok(int code, const struct error *error)
{
    if (code != 0)
        fail_msg("%s", error->text);
}

/* A vocabulary file of 300 tokens. */
static void write_vocab(const char *path)
{
    struct gguf_builder builder = { 0 };
    struct error error;
    char *names[SOURCE_TOKENS];
    int32_t types[SOURCE_TOKENS];
    for (int i = 0; i < SOURCE_TOKENS; i++) {
        names[i] = mem_format("t%d", i);
        types[i] = 1;
    }
    types[7] = 3;
    gguf_builder_text(&builder, "general.architecture", "qwen2");
    gguf_builder_text(&builder, "tokenizer.ggml.model", "gpt2");
    gguf_builder_strings(&builder, "tokenizer.ggml.tokens", (const char *const *)names, SOURCE_TOKENS);
    gguf_builder_i32s(&builder, "tokenizer.ggml.token_type", types, SOURCE_TOKENS);
    gguf_builder_u32(&builder, "tokenizer.ggml.eos_token_id", 7);
    assert_ok(gguf_builder_write(&builder, path, &error), &error);
    gguf_builder_release(&builder);
    for (int i = 0; i < SOURCE_TOKENS; i++)
        free(names[i]);
}

static int set_up(void **state)
{
    struct fixture *fixture = mem_alloc(sizeof *fixture);
    strcpy(fixture->directory, "/tmp/prony-synth-XXXXXX");
    if (mkdtemp(fixture->directory) == NULL)
        return -1;
    snprintf(fixture->vocab, sizeof fixture->vocab, "%s/vocab.gguf", fixture->directory);
    snprintf(fixture->path, sizeof fixture->path, "%s/m.gguf", fixture->directory);
    snprintf(fixture->other, sizeof fixture->other, "%s/n.gguf", fixture->directory);
    write_vocab(fixture->vocab);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    unlink(fixture->vocab);
    unlink(fixture->path);
    unlink(fixture->other);
    int code = rmdir(fixture->directory);
    free(fixture);
    return code;
}

static void write_model(const struct fixture *fixture, const char *path, const char *shape, const char *format,
                        uint64_t seed, int threads)
{
    struct error error;
    struct synth_options options = {
        .shape = shape, .format = format, .path = path, .vocab_from = fixture->vocab, .seed = seed, .threads = threads
    };
    assert_ok(synth_write(&options, NULL, &error), &error);
}

static uint64_t hash_tensors(const char *path)
{
    struct gguf gguf;
    struct error error;
    assert_ok(gguf_open(&gguf, path, &error), &error);
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t t = 0; t < gguf.tensor_count; t++) {
        for (size_t i = 0; i < gguf.tensors[t].size_bytes; i++)
            hash = (hash ^ gguf.tensors[t].data[i]) * UINT64_C(1099511628211);
    }
    gguf_close(&gguf);
    return hash;
}

static bool same_files(const char *a, const char *b)
{
    struct file_map first, second;
    struct error error;
    assert_ok(file_map_open(&first, a, &error), &error);
    assert_ok(file_map_open(&second, b, &error), &error);
    bool same = first.size_bytes == second.size_bytes && memcmp(first.data, second.data, first.size_bytes) == 0;
    file_map_close(&first);
    file_map_close(&second);
    return same;
}

static void test_same_seed_same_bytes(void **state)
{
    const struct fixture *fixture = *state;
    write_model(fixture, fixture->path, "tiny-qwen2", "q4_K_M", 7, 1);
    write_model(fixture, fixture->other, "tiny-qwen2", "q4_K_M", 7, 3);
    assert_true(same_files(fixture->path, fixture->other));
    write_model(fixture, fixture->other, "tiny-qwen2", "q4_K_M", 8, 1);
    assert_false(same_files(fixture->path, fixture->other));
}

/* These hashes were made on x86-64 with gcc. Another value on another machine or compiler breaks the promise that a
 * seed names a model; a deliberate change of the weights changes them here. */
static void test_bytes_are_the_same_everywhere(void **state)
{
    static const struct {
        const char *shape, *format;
        uint64_t hash;
    } expected[] = {
        { "tiny-llama", "f32", UINT64_C(0xe6e8ba6a3f565bb6) },
        { "tiny-llama", "q4_0", UINT64_C(0x863bf34ba0070886) },
        { "tiny-qwen2", "q4_K_M", UINT64_C(0x3ea41bf2930d5a95) },
        { "tiny-qwen3", "q8_0", UINT64_C(0x8ed34c0ed3f1e07f) },
        { "tiny-qwen3", "q5_1", UINT64_C(0x70cd11876407acce) },
    };
    const struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        write_model(fixture, fixture->path, expected[i].shape, expected[i].format, 42, 2);
        uint64_t hash = hash_tensors(fixture->path);
        if (hash != expected[i].hash)
            fail_msg("%s %s: hash %#llx, expected %#llx", expected[i].shape, expected[i].format,
                     (unsigned long long)hash, (unsigned long long)expected[i].hash);
    }
}

static void test_vocabulary_is_copied_and_padded(void **state)
{
    const struct fixture *fixture = *state;
    struct gguf gguf;
    struct error error;
    struct gguf_array tokens, types;
    uint32_t eos;
    write_model(fixture, fixture->path, "tiny-qwen2", "q8_0", 0, 1);
    assert_ok(gguf_open(&gguf, fixture->path, &error), &error);
    assert_ok(gguf_array(&gguf, "tokenizer.ggml.tokens", GGUF_STRING, &tokens, &error), &error);
    assert_ok(gguf_array(&gguf, "tokenizer.ggml.token_type", GGUF_I32, &types, &error), &error);
    assert_ok(gguf_u32(&gguf, "tokenizer.ggml.eos_token_id", &eos, &error), &error);
    assert_int_equal(eos, 7);
    assert_int_equal(tokens.count, 512);
    assert_int_equal(types.count, 512);
    const unsigned char *cursor = tokens.data;
    for (int i = 0; i < 512; i++) {
        char name[32];
        int32_t type;
        snprintf(name, sizeof name, i < SOURCE_TOKENS ? "t%d" : "[PAD%d]", i);
        assert_true(gguf_string_equal(gguf_array_next_string(&cursor), name));
        memcpy(&type, types.data + 4 * i, sizeof type);
        assert_int_equal(type, i == 7 ? 3 : i < SOURCE_TOKENS ? 1 : 5);
    }
    assert_int_equal(gguf_find_tensor(&gguf, "token_embd.weight")->shape[1], 512);
    gguf_close(&gguf);
}

/* Without --vocab-from a tokenizer is trained on the built-in text: it must open and give a text back. */
static void test_trained_vocabulary(void **state)
{
    static const struct {
        const char *shape, *kind, *end;
        bool add_bos;
    } expected[] = {
        { "tiny-qwen2", "bpe qwen2", "<|im_end|>", false },
        { "tiny-llama", "bpe llama-bpe", "<|eot_id|>", true },
    };
    static const char text[] = "The engine was proud: 1798, naïve 今天 \xff.\n";
    const struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        struct error error;
        struct synth_options options = {
            .shape = expected[i].shape, .format = "q8_0", .path = fixture->path, .threads = 1, .vocab_size = 2000
        };
        assert_ok(synth_write(&options, NULL, &error), &error);
        struct gguf gguf;
        struct tokenizer *tokenizer;
        struct token_info info;
        uint32_t *tokens;
        size_t count, length;
        char *back;
        assert_ok(gguf_open(&gguf, fixture->path, &error), &error);
        assert_ok(tokenizer_open(&tokenizer, &gguf, &error), &error);
        assert_string_equal(tokenizer_kind(tokenizer), expected[i].kind);
        assert_int_equal(tokenizer_size(tokenizer), 2000);
        tokenizer_info(tokenizer, &info);
        assert_true(info.add_bos == expected[i].add_bos);
        assert_ok(tokenizer_encode(tokenizer, text, sizeof text - 1, 0, &tokens, &count, &error), &error);
        assert_true(count < 30); /* learned words, not bytes */
        assert_ok(tokenizer_decode(tokenizer, tokens, count, false, &back, &length, &error), &error);
        assert_int_equal(length, sizeof text - 1);
        assert_memory_equal(back, text, length);
        free(tokens);
        free(back);
        assert_ok(tokenizer_encode(tokenizer, expected[i].end, strlen(expected[i].end), TOKENIZE_PARSE_SPECIAL, &tokens,
                                   &count, &error),
                  &error);
        assert_int_equal(count, 1);
        assert_true((int64_t)tokens[0] == info.eos);
        free(tokens);
        tokenizer_close(tokenizer);
        gguf_close(&gguf);
    }
}

/* A text file of one's own; and no room for the special tokens. */
static void test_vocabulary_from_a_text(void **state)
{
    const struct fixture *fixture = *state;
    struct error error;
    struct synth_options options = {
        .shape = "tiny-qwen2", .format = "f16", .path = fixture->path, .vocab_text = fixture->other, .threads = 1
    };
    assert_ok(file_write(fixture->other, "abababab abab abab", 18, &error), &error);
    assert_ok(synth_write(&options, NULL, &error), &error);
    struct gguf gguf;
    struct gguf_array tokens;
    assert_ok(gguf_open(&gguf, fixture->path, &error), &error);
    assert_ok(gguf_array(&gguf, "tokenizer.ggml.tokens", GGUF_STRING, &tokens, &error), &error);
    const unsigned char *cursor = tokens.data;
    struct gguf_string first = { NULL, 0 };
    for (size_t i = 0; i <= 256; i++)
        first = gguf_array_next_string(&cursor);
    assert_true(gguf_string_equal(first, "ab"));
    gguf_close(&gguf);
    options.vocab_size = 258;
    assert_int_equal(synth_write(&options, NULL, &error), ERROR_USAGE);
    assert_non_null(strstr(error.text, "no room"));
    options.vocab_text = "/nonexistent.txt";
    assert_int_equal(synth_write(&options, NULL, &error), ERROR_IO);
}

static uint64_t count_parameters(const struct synth_plan *plan)
{
    uint64_t count = 0;
    for (size_t i = 0; i < plan->tensor_count; i++) {
        const struct synth_tensor *tensor = &plan->tensors[i];
        if (tensor->role != ROLE_ROPE_FACTOR)
            count += (tensor->rows > 0 ? tensor->rows : 1) * tensor->cols;
    }
    return count;
}

/* The models' published numbers of parameters (model cards and safetensors headers), to the last one. */
static void test_parameter_counts(void **state)
{
    (void)state;
    static const struct {
        const char *shape;
        uint64_t parameters;
    } published[] = {
        { "qwen2.5-0.5b", 494032768 },  { "qwen2.5-1.5b", 1543714304 }, { "qwen2.5-3b", 3085938688 },
        { "qwen2.5-7b", 7615616512 },   { "qwen2.5-14b", 14770033664 }, { "qwen3-0.6b", 596049920 },
        { "llama-3.2-1b", 1235814400 }, { "smollm2-135m", 134515008 },
    };
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        struct synth_plan plan;
        synth_plan_create(&plan, synth_shape_find(published[i].shape), synth_mix_find("f32"), 0);
        uint64_t count = count_parameters(&plan);
        synth_plan_release(&plan);
        if (count != published[i].parameters)
            fail_msg("%s: %llu parameters, published %llu", published[i].shape, (unsigned long long)count,
                     (unsigned long long)published[i].parameters);
    }
}

static enum tensor_format format_of(const char *shape, const char *mix, const char *tensor)
{
    struct synth_plan plan;
    synth_plan_create(&plan, synth_shape_find(shape), synth_mix_find(mix), 0);
    enum tensor_format format = FORMAT_COUNT;
    for (size_t i = 0; i < plan.tensor_count; i++) {
        if (str_equal(plan.tensors[i].name, tensor))
            format = plan.tensors[i].format;
    }
    synth_plan_release(&plan);
    return format;
}

/* As the published GGUF files of these models have them. */
static void test_formats_of_mixes(void **state)
{
    (void)state;
    static const struct {
        const char *shape, *mix, *tensor;
        enum tensor_format format;
    } expected[] = {
        { "qwen2.5-0.5b", "q4_K_M", "token_embd.weight", FORMAT_Q8_0 }, /* tied; 896 is not a multiple of 256 */
        { "qwen2.5-0.5b", "q4_K_M", "blk.5.attn_q.weight", FORMAT_Q5_0 },
        { "qwen2.5-0.5b", "q4_K_M", "blk.0.attn_v.weight", FORMAT_Q8_0 },
        { "qwen2.5-0.5b", "q4_K_M", "blk.3.attn_v.weight", FORMAT_Q5_0 },
        { "qwen2.5-0.5b", "q4_K_M", "blk.0.ffn_down.weight", FORMAT_Q6_K },
        { "qwen2.5-0.5b", "q4_K_M", "blk.4.ffn_down.weight", FORMAT_Q4_K },
        { "qwen2.5-0.5b", "q4_K_M", "blk.5.ffn_down.weight", FORMAT_Q6_K },
        { "qwen2.5-0.5b", "q4_K_M", "blk.23.ffn_down.weight", FORMAT_Q6_K },
        { "qwen2.5-0.5b", "q5_K_M", "blk.4.ffn_up.weight", FORMAT_Q5_1 },
        { "qwen2.5-0.5b", "q4_K_M", "blk.0.attn_q.bias", FORMAT_F32 },
        { "qwen2.5-0.5b", "q4_0", "token_embd.weight", FORMAT_Q8_0 },
        { "qwen2.5-0.5b", "q4_0", "blk.0.ffn_down.weight", FORMAT_Q4_0 },
        { "qwen2.5-7b", "q4_K_M", "token_embd.weight", FORMAT_Q4_K },
        { "qwen2.5-7b", "q4_K_M", "output.weight", FORMAT_Q6_K },
        { "qwen2.5-7b", "q8_0", "output.weight", FORMAT_Q8_0 },
        { "qwen2.5-7b", "bf16", "output.weight", FORMAT_BF16 },
        { "llama-3.2-1b", "q5_K_M", "blk.1.attn_v.weight", FORMAT_Q6_K },
        { "llama-3.2-1b", "q5_K_M", "blk.2.attn_v.weight", FORMAT_Q5_K },
        { "llama-3.2-1b", "q5_K_M", "rope_freqs.weight", FORMAT_F32 },
        { "llama-3.2-1b", "q4_K", "blk.0.attn_v.weight", FORMAT_Q4_K },
        { "smollm2-135m", "q6_K", "blk.0.attn_q.weight", FORMAT_Q8_0 },
        { "smollm2-135m", "q6_K", "blk.0.ffn_down.weight", FORMAT_Q6_K },
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        enum tensor_format format = format_of(expected[i].shape, expected[i].mix, expected[i].tensor);
        if (format != expected[i].format)
            fail_msg("%s %s %s: format %d, expected %s", expected[i].shape, expected[i].mix, expected[i].tensor,
                     (int)format, format_table[expected[i].format].name);
    }
}

static void test_distribution(void **state)
{
    (void)state;
    enum { COLS = 4096, ROWS = 16 };
    struct synth_tensor tensor = { .name = "x", .cols = COLS, .rows = ROWS, .mean = 1.0f, .deviation = 0.5f };
    double sum = 0, power = 0, fourth = 0, largest = 0;
    float x[COLS];
    for (size_t row = 0; row < ROWS; row++) {
        synth_weights_row(x, synth_shapes, &tensor, 3, row);
        for (size_t i = 0; i < COLS; i++) {
            double z = ((double)x[i] - 1.0) / 0.5;
            sum += z;
            power += z * z;
            fourth += z * z * z * z;
            largest = fmax(largest, fabs(z));
        }
    }
    const double count = COLS * ROWS;
    assert_true(fabs(sum / count) < 0.02);
    assert_true(fabs(power / count - 1.0) < 0.02);
    assert_true(fabs(fourth / count - 2.7) < 0.1); /* Irwin-Hall of four: 3 - 1.2 / 4 */
    assert_true(largest > 3.0 && largest < 3.4642);
}

/* Llama 3.2 1B's published factors: none for short waves, 32 for long ones. */
static void test_rope_factors(void **state)
{
    (void)state;
    const struct synth_shape *shape = synth_shape_find("llama-3.2-1b");
    struct synth_tensor tensor = { .name = "rope_freqs.weight", .role = ROLE_ROPE_FACTOR, .cols = 32 };
    float x[32];
    synth_weights_row(x, shape, &tensor, 0, 0);
    for (size_t i = 0; i < 32; i++) {
        double wave_length = 2 * acos(-1.0) * pow(500000.0, (double)i / 32);
        double smooth = (8192.0 / wave_length - 1) / 3;
        double expected = smooth >= 1 ? 1 : smooth <= 0 ? 32 : 1 / ((1 - smooth) / 32 + smooth);
        assert_true(fabs((double)x[i] - expected) < 1e-5 * expected);
    }
    assert_true(x[0] == 1.0f && x[31] == 32.0f);
}

static bool stop_at_once(void *context, uint64_t done_bytes, uint64_t total_bytes)
{
    assert_true(done_bytes <= total_bytes);
    *(int *)context += 1;
    return false;
}

/* Stopping leaves neither the file nor its temporary form (tear_down removes the directory, which must be empty). */
static void test_interrupted(void **state)
{
    const struct fixture *fixture = *state;
    struct error error;
    int calls = 0;
    struct synth_options options = { .shape = "tiny-llama",
                                     .format = "f32",
                                     .path = fixture->path,
                                     .vocab_from = fixture->vocab,
                                     .threads = 1,
                                     .progress = stop_at_once,
                                     .progress_context = &calls };
    assert_int_equal(synth_write(&options, NULL, &error), ERROR_STATE);
    assert_non_null(strstr(error.text, "interrupted"));
    assert_int_equal(calls, 1);
    assert_false(file_exists(fixture->path));
}

static void test_errors(void **state)
{
    const struct fixture *fixture = *state;
    struct error error;
    struct synth_options options = {
        .shape = "gpt-5", .format = "q8_0", .path = fixture->path, .vocab_from = fixture->vocab, .threads = 1
    };
    assert_int_equal(synth_write(&options, NULL, &error), ERROR_USAGE);
    assert_non_null(strstr(error.text, "unknown shape 'gpt-5'"));
    options.shape = "tiny-llama";
    options.format = "q3_K";
    assert_int_equal(synth_write(&options, NULL, &error), ERROR_USAGE);
    assert_non_null(strstr(error.text, "unknown format 'q3_K'"));
    options.format = "q8_0";
    options.vocab_size = SOURCE_TOKENS - 1;
    assert_int_equal(synth_write(&options, NULL, &error), ERROR_USAGE);
    assert_non_null(strstr(error.text, "has 300 tokens"));
    options.vocab_size = 0;
    options.vocab_from = "/nonexistent.gguf";
    assert_int_equal(synth_write(&options, NULL, &error), ERROR_IO);
    options.vocab_from = fixture->vocab;
    options.path = "/nonexistent/m.gguf";
    assert_int_equal(synth_write(&options, NULL, &error), ERROR_IO);
    assert_false(file_exists(fixture->path));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_same_seed_same_bytes),
        TEST(test_bytes_are_the_same_everywhere),
        TEST(test_vocabulary_is_copied_and_padded),
        TEST(test_trained_vocabulary),
        TEST(test_vocabulary_from_a_text),
        cmocka_unit_test(test_parameter_counts),
        cmocka_unit_test(test_formats_of_mixes),
        cmocka_unit_test(test_distribution),
        cmocka_unit_test(test_rope_factors),
        TEST(test_interrupted),
        TEST(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
