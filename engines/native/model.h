/* model.h: a loaded model: hyperparameters, and weights as pointers into the mapped file.
 *
 * Nothing is copied: a matrix is the file's own bytes plus the kernels chosen for its format. The loader checks every
 * tensor of the file against the architecture's table (arch.h), so that the forward pass needs no checks. */
#ifndef PRONY_NATIVE_MODEL_H
#define PRONY_NATIVE_MODEL_H

#include "engines/native/gguf.h"
#include "harness/base/arena.h"
#include "kernels/kernel.h"

/* rows x cols weights (rows = outputs), row-major in the mapped file. data NULL = the model has none. */
struct matrix {
    const unsigned char *data;
    enum tensor_format format;
    size_t rows, cols, row_bytes;
    const struct kernel_row *matvec, *matmul;
};

/* Hyperparameters. 32-bit because the files store them so; the loader bounds them, products fit size_t. */
struct hyper {
    uint32_t layers, width, ff_width, heads, kv_heads;
    uint32_t head_size, value_size;
    uint32_t rotary_size; /* leading values of a head that are rotated */
    uint32_t context;     /* positions the model was trained for */
    uint32_t vocab;
    uint32_t sliding_window; /* 0 = every position sees all before it */
    uint32_t experts;        /* 0 = dense; others are refused */
    float norm_epsilon;
    float rope_base;
    float rope_scale; /* positions are multiplied by it: 1 / rope.scaling.factor */
    bool rope_neox;   /* which pairs are rotated, see rope_function */
};

struct layer_weights {
    const float *attention_norm;
    struct matrix q, k, v, output;
    const float *q_bias, *k_bias, *v_bias, *output_bias; /* NULL = none */
    const float *q_norm, *k_norm;                        /* of one head; NULL = none */
    const float *ff_norm;
    struct matrix gate, up, down;
};

struct global_weights {
    struct matrix embedding;
    const float *output_norm;
    struct matrix output;      /* the embedding again when tied */
    const float *rope_factors; /* rotary_size / 2 divisors of the frequencies (Llama 3), NULL = none */
};

struct model {
    struct gguf gguf;
    const struct arch_row *arch;
    struct hyper hyper;
    struct global_weights global;
    struct layer_weights *layers;
    const struct kernel_row *dequantize_embedding;
    uint64_t parameters, weight_bytes;
    uint64_t bytes_by_format[FORMAT_COUNT]; /* of matrices */
    const char *name, *format_name;
    struct arena arena; /* lives as long as the model */
};

/* kernels outlives the model. On error *model is released. */
int model_open(struct model *model, const char *path, const struct kernel_set *kernels, struct error *error);
void model_close(struct model *model);

static inline size_t model_q_width(const struct hyper *hyper)
{
    return (size_t)hyper->heads * hyper->head_size;
}

static inline size_t model_kv_width(const struct hyper *hyper)
{
    return (size_t)hyper->kv_heads * hyper->head_size;
}

#endif
