/* model_test.c: the loader of the native engine on models built in memory: what it accepts, the one line it gives for
 * what it refuses, and what sessions make of rope scaling, sliding windows, tied outputs and biases. */
#include "engines/native/model.h"

#include "engines/native/native.h"
#include "engines/native/session.h"
#include "harness/base/cpu.h"
#include "tests/support/gguf_builder.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { LAYERS = 2, WIDTH = 32, FF = 48, HEADS = 4, KV_HEADS = 2, HEAD = 8, VOCAB = 20 };

/* How a model differs from the plain one; zero = not at all. */
struct variation {
    const char *arch;            /* "llama" */
    const char *missing;         /* a tensor left out */
    const char *reshaped;        /* a tensor with one row more */
    const char *half;            /* a tensor in f16 */
    const char *extra;           /* a tensor that no table has, WIDTH values */
    const char *text_key, *text; /* a key to add */
    const char *u32_key;
    uint32_t u32;
    const char *f32_key;
    float f32;
    const char *omitted_key;
    bool tied, biases, rope_factors, head_norms;
};

static void add_tensor(struct gguf_builder *builder, const struct variation *variation, const char *name, size_t rows,
                       size_t cols)
{
    enum tensor_format format = FORMAT_F32;
    float data[WIDTH * FF + FF];
    uint16_t half[WIDTH * FF + FF];
    if (variation->missing && !strcmp(variation->missing, name))
        return;
    if (variation->reshaped && !strcmp(variation->reshaped, name))
        rows++;
    size_t count = rows * cols;
    for (size_t i = 0; i < count; i++) {
        /* Norms around 1, the rest small; something different in every place. */
        data[i] = (rows == 1 ? 1.0f : 0.0f) + 0.2f * sinf((float)(i + 7 * strlen(name)));
        half[i] = float_to_half(data[i]);
    }
    if (variation->half && !strcmp(variation->half, name))
        format = FORMAT_F16;
    uint64_t shape[2] = { cols, rows };
    gguf_builder_tensor(builder, name, format, rows == 1 ? 1 : 2, shape,
                        format == FORMAT_F16 ? (const void *)half : (const void *)data,
                        count * (format == FORMAT_F16 ? 2 : 4));
}

static void add_layer(struct gguf_builder *builder, const struct variation *variation, int layer)
{
    static const struct {
        const char *name;
        size_t rows, cols;
    } tensors[] = {
        { "attn_norm.weight", 1, WIDTH },
        { "attn_q.weight", HEADS * HEAD, WIDTH },
        { "attn_k.weight", KV_HEADS * HEAD, WIDTH },
        { "attn_v.weight", KV_HEADS * HEAD, WIDTH },
        { "attn_output.weight", WIDTH, HEADS * HEAD },
        { "ffn_norm.weight", 1, WIDTH },
        { "ffn_gate.weight", FF, WIDTH },
        { "ffn_up.weight", FF, WIDTH },
        { "ffn_down.weight", WIDTH, FF },
        { "attn_q.bias", 1, HEADS * HEAD },
        { "attn_k.bias", 1, KV_HEADS * HEAD },
        { "attn_v.bias", 1, KV_HEADS * HEAD },
        { "attn_q_norm.weight", 1, HEAD },
        { "attn_k_norm.weight", 1, HEAD },
    };
    enum { PLAIN = 9, WITH_BIASES = 12 };
    for (size_t i = 0; i < sizeof tensors / sizeof tensors[0]; i++) {
        char name[64];
        if ((i >= PLAIN && i < WITH_BIASES && !variation->biases) || (i >= WITH_BIASES && !variation->head_norms))
            continue;
        snprintf(name, sizeof name, "blk.%d.%s", layer, tensors[i].name);
        add_tensor(builder, variation, name, tensors[i].rows, tensors[i].cols);
    }
}

static void add_u32(struct gguf_builder *builder, const struct variation *variation, const char *name, uint32_t value)
{
    char key[96];
    snprintf(key, sizeof key, "%s.%s", variation->arch ? variation->arch : "llama", name);
    if (variation->omitted_key && !strcmp(variation->omitted_key, name))
        return;
    if (variation->u32_key && !strcmp(variation->u32_key, name))
        value = variation->u32;
    gguf_builder_u32(builder, key, value);
}

/* A key of the variation that the plain model does not have. */
static void add_variation_keys(struct gguf_builder *builder, const struct variation *variation)
{
    static const char *const plain[] = { "block_count",          "context_length",
                                         "embedding_length",     "feed_forward_length",
                                         "attention.head_count", "attention.head_count_kv",
                                         "rope.dimension_count", "attention.layer_norm_rms_epsilon" };
    char key[96];
    bool is_plain = false;
    for (size_t i = 0; variation->u32_key && i < sizeof plain / sizeof plain[0]; i++)
        is_plain |= !strcmp(plain[i], variation->u32_key);
    if (variation->u32_key && !is_plain)
        add_u32(builder, variation, variation->u32_key, variation->u32);
    if (variation->text_key) {
        snprintf(key, sizeof key, "%s.%s", variation->arch ? variation->arch : "llama", variation->text_key);
        gguf_builder_text(builder, key, variation->text);
    }
    if (variation->f32_key) {
        snprintf(key, sizeof key, "%s.%s", variation->arch ? variation->arch : "llama", variation->f32_key);
        gguf_builder_f32(builder, key, variation->f32);
    }
}

static void build(struct gguf_builder *builder, const struct variation *variation)
{
    char key[96];
    const char *arch = variation->arch ? variation->arch : "llama";
    *builder = (struct gguf_builder){ 0 };
    gguf_builder_text(builder, "general.architecture", arch);
    add_u32(builder, variation, "block_count", LAYERS);
    add_u32(builder, variation, "context_length", 64);
    add_u32(builder, variation, "embedding_length", WIDTH);
    add_u32(builder, variation, "feed_forward_length", FF);
    add_u32(builder, variation, "attention.head_count", HEADS);
    add_u32(builder, variation, "attention.head_count_kv", KV_HEADS);
    add_u32(builder, variation, "rope.dimension_count", HEAD);
    snprintf(key, sizeof key, "%s.attention.layer_norm_rms_epsilon", arch);
    gguf_builder_f32(builder, key, 1e-5f);
    add_variation_keys(builder, variation);
    add_tensor(builder, variation, "token_embd.weight", VOCAB, WIDTH);
    add_tensor(builder, variation, "output_norm.weight", 1, WIDTH);
    if (!variation->tied)
        add_tensor(builder, variation, "output.weight", VOCAB, WIDTH);
    if (variation->rope_factors)
        add_tensor(builder, variation, "rope_freqs.weight", 1, HEAD / 2);
    for (int layer = 0; layer < LAYERS; layer++)
        add_layer(builder, variation, layer);
    if (variation->extra)
        add_tensor(builder, variation, variation->extra, 1, WIDTH);
}

/* Opens the model that a variation makes, through a file. */
static int open_variation(struct engine **engine, const struct variation *variation, struct error *error)
{
    struct gguf_builder builder;
    char path[256];
    const char *directory = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/prony-model-%d.gguf", directory ? directory : "/tmp", (int)getpid());
    build(&builder, variation);
    assert_int_equal(gguf_builder_write(&builder, path, error), 0);
    gguf_builder_release(&builder);
    struct engine_options options = { .model = path, .kernels = "scalar", .threads = 1 };
    int code = native_ops.open(engine, &options, error);
    unlink(path);
    return code;
}

static struct engine *must_open(const struct variation *variation)
{
    struct engine *engine;
    struct error error;
    if (open_variation(&engine, variation, &error))
        fail_msg("%s", error.text);
    return engine;
}

/* ---- loading ---- */

static void accepts_the_shapes_it_knows(void **state)
{
    (void)state;
    static const struct variation variations[] = {
        { 0 },
        { .tied = true },
        { .biases = true },
        { .rope_factors = true },
        { .arch = "qwen2", .biases = true },
        { .arch = "qwen3", .head_norms = true },
        { .omitted_key = "rope.dimension_count" },
        { .half = "blk.0.attn_q.weight" },
        { .text_key = "rope.scaling.type", .text = "none" },
        { .u32_key = "attention.sliding_window", .u32 = 32 },
    };
    for (size_t i = 0; i < sizeof variations / sizeof variations[0]; i++) {
        struct engine *engine = must_open(&variations[i]);
        const struct hyper *hyper = &engine->model.hyper;
        assert_int_equal(hyper->vocab, VOCAB);
        assert_int_equal(hyper->head_size, HEAD);
        assert_int_equal(hyper->rotary_size, HEAD);
        assert_int_equal(hyper->rope_neox, variations[i].arch != NULL);
        assert_ptr_equal(engine->model.layers[0].q_bias != NULL, variations[i].biases);
        assert_ptr_equal(engine->model.layers[1].k_norm != NULL, variations[i].head_norms);
        assert_int_equal(engine->model.global.output.data == engine->model.global.embedding.data, variations[i].tied);
        native_ops.close(engine);
    }
}

static void refuses_with_one_line(void **state)
{
    (void)state;
    static const struct {
        struct variation variation;
        int code;
        const char *text;
    } cases[] = {
        { { .arch = "mamba" }, ERROR_UNSUPPORTED, "architecture 'mamba' is not supported" },
        { { .missing = "token_embd.weight" }, ERROR_FORMAT, "tensor token_embd.weight is missing" },
        { { .missing = "blk.1.ffn_up.weight" }, ERROR_FORMAT, "tensor blk.1.ffn_up.weight is missing" },
        { { .arch = "qwen2" }, ERROR_FORMAT, "tensor blk.0.attn_q.bias is missing" },
        { { .arch = "qwen3" }, ERROR_FORMAT, "tensor blk.0.attn_q_norm.weight is missing" },
        { { .reshaped = "blk.1.attn_q.weight" },
          ERROR_FORMAT,
          "tensor blk.1.attn_q.weight: expected 32 x 32, found 33 x 32" },
        { { .reshaped = "blk.0.ffn_norm.weight" },
          ERROR_FORMAT,
          "tensor blk.0.ffn_norm.weight: expected 32, found 2 x 32" },
        { { .half = "blk.0.ffn_norm.weight" }, ERROR_UNSUPPORTED, "expected f32, found f16" },
        { { .extra = "blk.0.ffn_gate.bias" }, ERROR_UNSUPPORTED, "blk.0.ffn_gate.bias is not part of architecture" },
        { { .head_norms = true }, ERROR_UNSUPPORTED, "is not part of architecture llama" },
        { { .omitted_key = "embedding_length" }, ERROR_FORMAT, "llama.embedding_length" },
        { { .u32_key = "block_count", .u32 = 0 }, ERROR_FORMAT, "llama.block_count is 0" },
        { { .u32_key = "block_count", .u32 = 4000 }, ERROR_FORMAT, "4000 layers, but only" },
        { { .u32_key = "block_count", .u32 = 1 }, ERROR_UNSUPPORTED, "blk.1." },
        { { .u32_key = "attention.head_count_kv", .u32 = 3 }, ERROR_FORMAT, "cannot share 3" },
        { { .u32_key = "attention.value_length", .u32 = 16 }, ERROR_UNSUPPORTED, "key length 8 and value length 16" },
        { { .u32_key = "rope.dimension_count", .u32 = 7 }, ERROR_FORMAT, "odd" },
        { { .u32_key = "rope.dimension_count", .u32 = 10 }, ERROR_FORMAT, "rope.dimension_count is 10" },
        { { .u32_key = "expert_count", .u32 = 8 }, ERROR_UNSUPPORTED, "mixture of 8 experts" },
        { { .f32_key = "rope.freq_base", .f32 = -1 }, ERROR_FORMAT, "rope base -1" },
        { { .text_key = "rope.scaling.type", .text = "yarn" }, ERROR_UNSUPPORTED, "'yarn' is not supported" },
        { { .text_key = "rope.scaling.type", .text = "linear", .f32_key = "rope.scaling.factor", .f32 = 0 },
          ERROR_FORMAT,
          "expected a positive number" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct engine *engine;
        struct error error = { 0 };
        int code = open_variation(&engine, &cases[i].variation, &error);
        if (code != cases[i].code || !strstr(error.text, cases[i].text) || !strstr(error.text, ".gguf: "))
            fail_msg("case %zu: code %d, '%s', expected '%s'", i, code, error.text, cases[i].text);
        assert_null(engine);
    }
}

/* ---- sessions ---- */

static struct session *must_open_session(struct engine *engine, size_t context)
{
    struct session *session;
    struct error error;
    struct session_options options = { .context = context, .kv_format = FORMAT_F32 };
    if (native_ops.session_open(&session, engine, &options, &error))
        fail_msg("%s", error.text);
    return session;
}

static void rotation_angles(void **state)
{
    (void)state;
    static const struct variation variations[] = {
        { 0 },
        { .text_key = "rope.scaling.type", .text = "linear", .f32_key = "rope.scaling.factor", .f32 = 4 },
        { .f32_key = "rope.scale_linear", .f32 = 2 },
        { .f32_key = "rope.freq_base", .f32 = 500000 },
        { .rope_factors = true },
    };
    static const double scales[] = { 1, 0.25, 0.5, 1, 1 }, bases[] = { 1e4, 1e4, 1e4, 5e5, 1e4 };
    for (size_t i = 0; i < sizeof variations / sizeof variations[0]; i++) {
        struct engine *engine = must_open(&variations[i]);
        struct session *session = must_open_session(engine, 50);
        for (size_t pair = 0; pair < HEAD / 2; pair++) {
            double factor = variations[i].rope_factors ? (double)engine->model.global.rope_factors[pair] : 1;
            double angle = 49 * scales[i] * pow(bases[i], -2.0 * (double)pair / HEAD) / factor;
            const float *cos_sin = session->rope + (49 * HEAD / 2 + pair) * 2;
            assert_true(fabs((double)cos_sin[0] - cos(angle)) < 1e-6);
            assert_true(fabs((double)cos_sin[1] - sin(angle)) < 1e-6);
        }
        native_ops.session_close(session);
        native_ops.close(engine);
    }
}

static void sliding_window(void **state)
{
    (void)state;
    struct engine *engine = must_open(&(struct variation){ .u32_key = "attention.sliding_window", .u32 = 32 });
    struct error error;
    struct session_info info;
    struct session *session = must_open_session(engine, 0);
    native_ops.session_describe(session, &info);
    assert_int_equal(info.context, 32);
    native_ops.session_close(session);
    struct session_options options = { .context = 33, .kv_format = FORMAT_F32 };
    assert_int_equal(native_ops.session_open(&session, engine, &options, &error), ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.text, "sliding window of 32"));
    native_ops.close(engine);
}

/* Every tensor counts: with one of them changed, other logits come out. */
static void every_tensor_matters(void **state)
{
    (void)state;
    static const uint32_t tokens[] = { 1, 2, 3, 4, 5 };
    struct variation plain = { .biases = true, .rope_factors = true }, changed = plain;
    float want[VOCAB];
    struct engine *engine = must_open(&plain);
    size_t tensor_count = engine->model.gguf.tensor_count;
    for (size_t i = 0; i <= tensor_count; i++) {
        if (i)
            engine = must_open(&changed);
        struct session *session = must_open_session(engine, 8);
        if (i) {
            /* The mapping is private and read-only; the loader's pointers are turned to a changed copy instead. */
            const struct gguf_tensor *tensor = &engine->model.gguf.tensors[i - 1];
            float *copy = malloc(tensor->size_bytes);
            memcpy(copy, tensor->data, tensor->size_bytes);
            for (size_t j = 0; j < tensor->size_bytes / sizeof *copy; j++)
                copy[j] += 0.05f * (float)(j % 3);
            struct {
                void *start;
                size_t size_bytes;
            } places[] = { { &engine->model.global, sizeof engine->model.global },
                           { engine->model.layers, LAYERS * sizeof *engine->model.layers } };
            for (size_t place = 0; place < 2; place++) {
                for (size_t at = 0; at < places[place].size_bytes; at += sizeof(void *)) {
                    void **pointer = (void **)(void *)((char *)places[place].start + at);
                    if (*pointer == (const void *)tensor->data)
                        *pointer = copy;
                }
            }
            native_ops.session_close(session);
            session = must_open_session(engine, 8); /* the rotation table is made of rope_freqs */
            assert_int_equal(native_ops.prefill(session, tokens, 5, NULL), 0);
            if (!memcmp(native_ops.logits(session, NULL), want, sizeof want))
                fail_msg("%.*s does not matter", (int)tensor->name.length, tensor->name.data);
            free(copy);
        } else {
            assert_int_equal(native_ops.prefill(session, tokens, 5, NULL), 0);
            memcpy(want, native_ops.logits(session, NULL), sizeof want);
        }
        native_ops.session_close(session);
        native_ops.close(engine);
    }
}

static void nan_is_an_error(void **state)
{
    (void)state;
    static const uint32_t tokens[] = { 1, 2, 3 };
    struct engine *engine = must_open(&(struct variation){ 0 });
    struct error error;
    struct session_info info;
    float norm[WIDTH];
    for (size_t i = 0; i < WIDTH; i++)
        norm[i] = i == 5 ? NAN : 1.0f;
    engine->model.layers[1].attention_norm = norm;
    struct session *session = must_open_session(engine, 8);
    assert_int_equal(native_ops.prefill(session, tokens, 3, &error), ERROR_NUMERIC);
    assert_non_null(strstr(error.text, "NaN"));
    assert_int_equal(native_ops.decode(session, 1, &error), ERROR_NUMERIC);
    assert_null(native_ops.logits(session, NULL));
    native_ops.session_describe(session, &info);
    assert_int_equal(info.position, 0);
    native_ops.session_close(session);
    native_ops.close(engine);
}

static void threads_do_not_change_the_numbers(void **state)
{
    (void)state;
    static const uint32_t tokens[] = { 1, 2, 3, 4, 5, 6, 7 };
    struct gguf_builder builder;
    char path[256];
    struct error error;
    float first[VOCAB];
    const char *directory = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/prony-threads-%d.gguf", directory ? directory : "/tmp", (int)getpid());
    build(&builder, &(struct variation){ .biases = true });
    assert_int_equal(gguf_builder_write(&builder, path, &error), 0);
    gguf_builder_release(&builder);
    for (int threads = 1; threads <= 4; threads++) {
        struct engine *engine;
        struct engine_options options = { .model = path, .kernels = "scalar", .threads = threads };
        assert_int_equal(native_ops.open(&engine, &options, &error), 0);
        struct session *session = must_open_session(engine, 16);
        assert_int_equal(native_ops.prefill(session, tokens, 7, &error), 0);
        assert_int_equal(native_ops.decode(session, 8, &error), 0);
        const float *logits = native_ops.logits(session, NULL);
        if (threads == 1)
            memcpy(first, logits, sizeof first);
        assert_memory_equal(logits, first, sizeof first);
        native_ops.session_close(session);
        native_ops.close(engine);
    }
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_the_shapes_it_knows),
        cmocka_unit_test(refuses_with_one_line),
        cmocka_unit_test(rotation_angles),
        cmocka_unit_test(sliding_window),
        cmocka_unit_test(every_tensor_matters),
        cmocka_unit_test(nan_is_an_error),
        cmocka_unit_test(threads_do_not_change_the_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
