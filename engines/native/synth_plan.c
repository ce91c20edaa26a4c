/* synth_plan.c: see synth_plan.h.
 *
 * The scales make the model behave like a trained one under rounding errors. Embeddings have deviation 1/sqrt(width);
 * a matrix has 1/sqrt(fan-in), so that normalized inputs give outputs of variance 1; the two branches of each layer are
 * written back with a deviation that makes all 2 * layers of them together weigh as much as the embedding. Then an
 * error of one branch reaches the logits divided by about sqrt(2 * layers) and is not amplified on its way. Logits come
 * out with a deviation of LOGIT_DEVIATION. With tied embeddings a plain output norm would make every token its own best
 * successor (its embedding is half of the final state); random signs in that norm break this. */
#include "engines/native/synth_plan.h"
#include <math.h>
#include <string.h>

#define LOGIT_DEVIATION 3.0
#define BRANCH_POWER    0.5
#define ATTENTION_DEVIATION                                                                                       \
    1.5                      /* of the scaled products q . k: softmax looks at some positions more than at others \
                              */
#define SWIGLU_RMS     0.596 /* sqrt(E[(silu(a) b)^2]) for independent normal a and b */
#define NORM_DEVIATION 0.1
#define BIAS_DEVIATION 0.1

const struct synth_mix synth_mixes[] = {
    { "f32", FORMAT_F32, false, 0 },     { "f16", FORMAT_F16, false, 1 },    { "bf16", FORMAT_BF16, false, 32 },
    { "q8_0", FORMAT_Q8_0, false, 7 },   { "q4_0", FORMAT_Q4_0, false, 2 },  { "q4_1", FORMAT_Q4_1, false, 3 },
    { "q5_0", FORMAT_Q5_0, false, 8 },   { "q5_1", FORMAT_Q5_1, false, 9 },  { "q4_K", FORMAT_Q4_K, false, 14 },
    { "q5_K", FORMAT_Q5_K, false, 16 },  { "q6_K", FORMAT_Q6_K, false, 18 }, { "q4_K_M", FORMAT_Q4_K, true, 15 },
    { "q5_K_M", FORMAT_Q5_K, true, 17 },
};
const size_t synth_mix_count = sizeof synth_mixes / sizeof *synth_mixes;

const struct synth_mix *synth_mix_find(const char *name)
{
    for (size_t i = 0; i < synth_mix_count; i++) {
        if (strcmp(synth_mixes[i].name, name) == 0)
            return &synth_mixes[i];
    }
    return NULL;
}

/* Where quantizers spend more bits: the first and the last eighth of the layers, and every third one between. */
static bool layer_gets_more_bits(size_t layer, size_t layers)
{
    return layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;
}

/* What a format becomes where a row is not a whole number of its blocks. */
static enum tensor_format fit_cols(enum tensor_format format, size_t cols)
{
    if (cols % format_table[format].block_values == 0)
        return format;
    switch (format) {
    case FORMAT_Q4_K: return fit_cols(FORMAT_Q5_0, cols);
    case FORMAT_Q5_K: return fit_cols(FORMAT_Q5_1, cols);
    case FORMAT_Q6_K: return fit_cols(FORMAT_Q8_0, cols);
    default: return FORMAT_F16;
    }
}

/* llama.cpp's conventions (its quantize tool): the output matrix in q6_K unless the file is finer, the _M mixes with
 * q6_K where it pays, one-dimensional tensors in f32. */
static enum tensor_format choose_format(const struct synth_mix *mix, const struct synth_shape *shape,
                                        const struct synth_tensor *tensor)
{
    if (tensor->rows == 0)
        return FORMAT_F32;
    if (format_table[mix->format].block_values == 1)
        return mix->format;
    enum tensor_format format = mix->format;
    if (tensor->role == ROLE_OUTPUT || (tensor->role == ROLE_EMBEDDING && shape->tied))
        format = format == FORMAT_Q8_0 ? FORMAT_Q8_0 : FORMAT_Q6_K;
    if (mix->more_bits && (tensor->role == ROLE_ATTENTION_V || tensor->role == ROLE_FFN_DOWN) &&
        layer_gets_more_bits(tensor->layer, shape->layers))
        format = FORMAT_Q6_K;
    return fit_cols(format, tensor->cols);
}

static struct synth_tensor *append(struct synth_plan *plan, const char *name, enum synth_role role, size_t rows,
                                   size_t cols, double mean, double deviation)
{
    struct synth_tensor *tensor = &plan->tensors[plan->tensor_count++];
    tensor->name = arena_strdup(&plan->arena, name);
    tensor->role = role;
    tensor->rows = rows;
    tensor->cols = cols;
    tensor->mean = (float)mean;
    tensor->deviation = (float)deviation;
    return tensor;
}

static void append_layer(struct synth_plan *plan, size_t layer)
{
    const struct synth_shape *s = plan->shape;
    const size_t first = plan->tensor_count;
    const size_t q_rows = s->heads * s->head_size, kv_rows = s->kv_heads * s->head_size;
    const double fan_in = 1.0 / sqrt((double)s->width);
    const double branch = fan_in * sqrt(BRANCH_POWER / (2.0 * (double)s->layers));
    /* With head norms q and k have variance 1 whatever the matrices do, so the norm carries the spread. */
    const double q_scale = s->head_norms ? 1.0 : ATTENTION_DEVIATION;

    append(plan, "attn_norm.weight", ROLE_VECTOR, 0, s->width, 1.0, NORM_DEVIATION);
    append(plan, "attn_q.weight", ROLE_MATRIX, q_rows, s->width, 0.0, q_scale * fan_in);
    append(plan, "attn_k.weight", ROLE_MATRIX, kv_rows, s->width, 0.0, fan_in);
    append(plan, "attn_v.weight", ROLE_ATTENTION_V, kv_rows, s->width, 0.0, fan_in);
    if (s->biases) {
        append(plan, "attn_q.bias", ROLE_VECTOR, 0, q_rows, 0.0, BIAS_DEVIATION);
        append(plan, "attn_k.bias", ROLE_VECTOR, 0, kv_rows, 0.0, BIAS_DEVIATION);
        append(plan, "attn_v.bias", ROLE_VECTOR, 0, kv_rows, 0.0, BIAS_DEVIATION);
    }
    if (s->head_norms) {
        append(plan, "attn_q_norm.weight", ROLE_VECTOR, 0, s->head_size, ATTENTION_DEVIATION, NORM_DEVIATION);
        append(plan, "attn_k_norm.weight", ROLE_VECTOR, 0, s->head_size, 1.0, NORM_DEVIATION);
    }
    append(plan, "attn_output.weight", ROLE_MATRIX, s->width, q_rows, 0.0, branch / sqrt((double)q_rows));
    append(plan, "ffn_norm.weight", ROLE_VECTOR, 0, s->width, 1.0, NORM_DEVIATION);
    append(plan, "ffn_gate.weight", ROLE_MATRIX, s->ff_width, s->width, 0.0, fan_in);
    append(plan, "ffn_up.weight", ROLE_MATRIX, s->ff_width, s->width, 0.0, fan_in);
    append(plan, "ffn_down.weight", ROLE_FFN_DOWN, s->width, s->ff_width, 0.0,
           branch / (SWIGLU_RMS * sqrt((double)s->ff_width)));
    for (size_t i = first; i < plan->tensor_count; i++) {
        plan->tensors[i].layer = layer;
        plan->tensors[i].name = arena_format(&plan->arena, "blk.%zu.%s", layer, plan->tensors[i].name);
    }
}

void synth_plan_create(struct synth_plan *plan, const struct synth_shape *shape, const struct synth_mix *mix,
                       size_t used_tokens)
{
    enum { OUTER_MAX = 4, LAYER_MAX = 14 };
    memset(plan, 0, sizeof *plan);
    plan->shape = shape;
    plan->tensors = arena_array(&plan->arena, OUTER_MAX + LAYER_MAX * shape->layers, sizeof *plan->tensors);
    const double fan_in = 1.0 / sqrt((double)shape->width);

    append(plan, "token_embd.weight", ROLE_EMBEDDING, shape->vocab_size, shape->width, 0.0, fan_in)->used_rows =
        used_tokens;
    append(plan, "output_norm.weight", ROLE_VECTOR, 0, shape->width, LOGIT_DEVIATION, NORM_DEVIATION)->signs =
        shape->tied;
    if (!shape->tied)
        append(plan, "output.weight", ROLE_OUTPUT, shape->vocab_size, shape->width, 0.0, fan_in)->used_rows =
            used_tokens;
    if (shape->rope_factor > 0.0f)
        append(plan, "rope_freqs.weight", ROLE_ROPE_FACTOR, 0, shape->head_size / 2, 0.0, 0.0);
    for (size_t layer = 0; layer < shape->layers; layer++)
        append_layer(plan, layer);
    for (size_t i = 0; i < plan->tensor_count; i++)
        plan->tensors[i].format = choose_format(mix, shape, &plan->tensors[i]);
}

void synth_plan_release(struct synth_plan *plan)
{
    arena_release(&plan->arena);
    memset(plan, 0, sizeof *plan);
}
