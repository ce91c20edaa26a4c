/* arch.h: what a model architecture is to the native engine, and how to add one.
 *
 * To add an architecture: one file arch_<name>.c with two tables (configuration keys, tensors) and one row here and in
 * model.c's list. All of them are decoders of one shape: norm, attention with grouped heads and rotary positions, add,
 * norm, SwiGLU, add. What differs is said by data: the pairing of the rotation, and which optional tensors exist
 * (biases, norms of q and k); layers.c does whatever the tensors call for. */
#ifndef PRONY_NATIVE_ARCH_H
#define PRONY_NATIVE_ARCH_H

#include "engines/native/model.h"

enum config_kind { CONFIG_U32, CONFIG_F32 };

/* One key "<arch>.<key>" and where it goes. */
struct config_row {
    const char *key;
    enum config_kind kind;
    size_t offset; /* in struct hyper */
    bool required;
};

/* Sizes a tensor's shape is made of. */
enum dimension {
    DIMENSION_ONE, /* a vector's rows */
    DIMENSION_WIDTH,
    DIMENSION_FF,
    DIMENSION_Q,  /* heads x head_size */
    DIMENSION_KV, /* kv_heads x head_size */
    DIMENSION_HEAD,
    DIMENSION_VOCAB,
    DIMENSION_ROTARY_PAIRS
};

enum tensor_presence { TENSOR_REQUIRED, TENSOR_OPTIONAL };
enum tensor_scope { SCOPE_GLOBAL, SCOPE_LAYER }; /* of struct global_weights, or "blk.<n>." of struct layer_weights */

/* One tensor: rows = DIMENSION_ONE is a vector, f32, stored as const float *; otherwise a struct matrix of any format.
 */
struct tensor_row {
    const char *name;
    enum tensor_scope scope;
    size_t offset;
    enum dimension rows, cols;
    enum tensor_presence presence;
};

struct arch_row {
    const char *name; /* general.architecture, and the prefix of its keys */
    bool rope_neox;
    const struct config_row *config;
    size_t config_count;
    const struct tensor_row *tensors;
    size_t tensor_count;
};

extern const struct arch_row arch_llama, arch_qwen2, arch_qwen3;

#define HYPER(member)  offsetof(struct hyper, member)
#define GLOBAL(member) SCOPE_GLOBAL, offsetof(struct global_weights, member)
#define LAYER(member)  SCOPE_LAYER, offsetof(struct layer_weights, member)

/* The keys that every decoder of this shape has. Absent optional keys keep the defaults of model.c. */
#define ARCH_DECODER_CONFIG                                                                                     \
    { "block_count", CONFIG_U32, HYPER(layers), true }, { "context_length", CONFIG_U32, HYPER(context), true }, \
        { "embedding_length", CONFIG_U32, HYPER(width), true },                                                 \
        { "feed_forward_length", CONFIG_U32, HYPER(ff_width), true },                                           \
        { "attention.head_count", CONFIG_U32, HYPER(heads), true },                                             \
        { "attention.head_count_kv", CONFIG_U32, HYPER(kv_heads), false },                                      \
        { "attention.key_length", CONFIG_U32, HYPER(head_size), false },                                        \
        { "attention.value_length", CONFIG_U32, HYPER(value_size), false },                                     \
        { "attention.sliding_window", CONFIG_U32, HYPER(sliding_window), false },                               \
        { "attention.layer_norm_rms_epsilon", CONFIG_F32, HYPER(norm_epsilon), true },                          \
        { "rope.dimension_count", CONFIG_U32, HYPER(rotary_size), false },                                      \
        { "rope.freq_base", CONFIG_F32, HYPER(rope_base), false },                                              \
    {                                                                                                           \
        "expert_count", CONFIG_U32, HYPER(experts), false                                                       \
    }

/* The tensors that every decoder of this shape has. */
#define ARCH_DECODER_TENSORS                                                                                   \
    { "token_embd.weight", GLOBAL(embedding), DIMENSION_VOCAB, DIMENSION_WIDTH, TENSOR_REQUIRED },             \
        { "output_norm.weight", GLOBAL(output_norm), DIMENSION_ONE, DIMENSION_WIDTH, TENSOR_REQUIRED },        \
        { "output.weight", GLOBAL(output), DIMENSION_VOCAB, DIMENSION_WIDTH, TENSOR_OPTIONAL },                \
        { "rope_freqs.weight", GLOBAL(rope_factors), DIMENSION_ONE, DIMENSION_ROTARY_PAIRS, TENSOR_OPTIONAL }, \
        { "attn_norm.weight", LAYER(attention_norm), DIMENSION_ONE, DIMENSION_WIDTH, TENSOR_REQUIRED },        \
        { "attn_q.weight", LAYER(q), DIMENSION_Q, DIMENSION_WIDTH, TENSOR_REQUIRED },                          \
        { "attn_k.weight", LAYER(k), DIMENSION_KV, DIMENSION_WIDTH, TENSOR_REQUIRED },                         \
        { "attn_v.weight", LAYER(v), DIMENSION_KV, DIMENSION_WIDTH, TENSOR_REQUIRED },                         \
        { "attn_output.weight", LAYER(output), DIMENSION_WIDTH, DIMENSION_Q, TENSOR_REQUIRED },                \
        { "ffn_norm.weight", LAYER(ff_norm), DIMENSION_ONE, DIMENSION_WIDTH, TENSOR_REQUIRED },                \
        { "ffn_gate.weight", LAYER(gate), DIMENSION_FF, DIMENSION_WIDTH, TENSOR_REQUIRED },                    \
        { "ffn_up.weight", LAYER(up), DIMENSION_FF, DIMENSION_WIDTH, TENSOR_REQUIRED },                        \
    {                                                                                                          \
        "ffn_down.weight", LAYER(down), DIMENSION_WIDTH, DIMENSION_FF, TENSOR_REQUIRED                         \
    }

#endif
