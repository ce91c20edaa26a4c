/* kernel.h: one function type an operation; one row a variant; one set of chosen rows.
 *
 * A kernel is one implementation of one operation for one format and one instruction set. It is a pure function: it
 * allocates nothing, keeps no state, never sees threads (the caller splits the work), and fails never (the caller
 * checks shapes). To add a variant: write kernels/<op>/<op>_<format>__<isa>[_<tune>].c and add one row to
 * kernels/<op>/table.c. The Makefile takes the compiler's ISA flags from the name, the tests check it against the
 * scalar row, the kernels suite times it, select.c considers it.
 *
 * Matrices are row-major. W is rows x cols (rows = outputs), each row format_row_bytes() long. */
#ifndef PRONY_KERNELS_KERNEL_H
#define PRONY_KERNELS_KERNEL_H

#include "harness/base/cpu.h"
#include "harness/base/error.h"
#include "kernels/formats.h"
#include <stdbool.h>

enum kernel_op {
    OP_ACT,        /* activations f32 -> act format; row.act says which */
    OP_MATVEC,     /* y = W x, decode */
    OP_MATMUL,     /* Y = X W^T, prefill */
    OP_DEQUANTIZE, /* one row of a format -> f32 */
    OP_QUANTIZE,   /* f32 -> one row of a format (models are made with it; scalar only) */
    OP_RMSNORM,
    OP_ROPE,
    OP_ATTENTION, /* row.format = the KV cache's format */
    OP_SILU_MUL,
    OP_ADD,
    OP_SOFTMAX,
    OP_COUNT
};

/* ---- function types ---- */

/* Converts rows x cols f32 (x_stride floats apart) to rows of act_row_bytes(). dst and x do not overlap. */
typedef void act_function(void *dst, const float *x, size_t x_stride, size_t rows, size_t cols);

/* y[r] = dot(W row r, x), r < rows. act: one activation row in row.act format. w_row_bytes apart. */
typedef void matvec_function(float *y, const void *w, size_t w_row_bytes, const void *act, size_t rows, size_t cols);

/* y[i * y_stride + r] = dot(W row r, X row i) for i < count, r < rows. The caller hands each thread a slice of W rows.
 * scratch: row.scratch_bytes(cols, count) bytes of this thread, 64-byte aligned, for packed weight panels. */
struct matmul_arguments {
    float *y;
    size_t y_stride;
    const void *w;
    size_t w_row_bytes;
    const void *act;
    size_t act_row_bytes;
    size_t count; /* activation rows (tokens) */
    size_t rows;  /* weight rows in this slice */
    size_t cols;
    void *scratch;
};
typedef void matmul_function(const struct matmul_arguments *arguments);

typedef void dequantize_function(float *y, const void *w, size_t cols);
typedef void quantize_function(void *w, const float *x, size_t cols);

/* y[i] = x[i] * weight[i] / sqrt(mean(x^2) + epsilon), for count rows of cols (Zhang, Sennrich 2019). y may be x.
 * weight NULL = 1. */
typedef void rmsnorm_function(float *y, size_t y_stride, const float *x, size_t x_stride, const float *weight,
                              float epsilon, size_t count, size_t cols);

/* Rotary embedding in place on heads vectors of head_size (head_stride floats apart) of ONE position (Su et al. 2021).
 * cos_sin: rotary_size/2 pairs {cos, sin} of this position. neox = false: pairs are (2i, 2i+1) (llama);
 * true: pairs are (i, i + rotary_size/2) (qwen). Values from rotary_size on stay. */
typedef void rope_function(float *x, size_t head_stride, size_t heads, size_t rotary_size, const float *cos_sin,
                           bool neox);

/* Causal attention of one KV head and its group of query heads, with the running (online) softmax of Milakov,
 * Gimelshein 2018, so that no count x positions matrix exists.
 *   for query i < count (its absolute position is first_position + i, it sees keys 0 .. first_position + i)
 *   and head g < group: out = softmax(scale * q . K^T) V
 * q and out: [count][group][head_size], rows of a query q_stride / out_stride floats apart, heads of the group
 * head_size apart. k, v: position p starts at k + p * kv_stride_bytes; values in row.format (f32 or f16).
 * scratch: row.scratch_bytes(head_size, count * group) bytes of this thread, 64-byte aligned. */
struct attention_arguments {
    float *out;
    size_t out_stride;
    const float *q;
    size_t q_stride;
    const void *k, *v;
    size_t kv_stride_bytes;
    size_t count, group, head_size;
    size_t first_position;
    float scale;
    void *scratch;
};
typedef void attention_function(const struct attention_arguments *arguments);

/* y = gate * sigmoid(gate) * up (SwiGLU, Shazeer 2020). y may be gate. */
typedef void silu_mul_function(float *y, const float *gate, const float *up, size_t count);
/* y += x */
typedef void add_function(float *y, const float *x, size_t count);
/* y[i] = exp(scale * x[i] - max) ; returns the sum of y (in f64) so that the caller may normalize. y may be x. */
typedef double softmax_function(float *y, const float *x, float scale, size_t count);

union kernel_function {
    act_function *act;
    matvec_function *matvec;
    matmul_function *matmul;
    dequantize_function *dequantize;
    quantize_function *quantize;
    rmsnorm_function *rmsnorm;
    rope_function *rope;
    attention_function *attention;
    silu_mul_function *silu_mul;
    add_function *add;
    softmax_function *softmax;
};

/* ---- rows ---- */

/* What one call works on, for cost and scratch. Unused members are 0.
 * matvec/matmul/act/dequantize: rows, cols, count. attention: count queries, group, head_size in cols, positions in
 * rows (keys seen). others: count rows of cols. */
struct kernel_shape {
    size_t rows, cols, count, group;
};

/* Arithmetic (a fused multiply-add counts 2) and bytes that must move at least once (weights, inputs, outputs). */
struct kernel_cost {
    double flops, bytes;
};

struct kernel_row {
    const char *name; /* the file's stem and the function's name: "matvec_q4_K__avx512vnni" */
    enum kernel_op op;
    enum tensor_format format; /* of the weights or the KV cache; FORMAT_F32 where it has no meaning */
    enum act_format act;       /* of the activations a matvec/matmul reads, or an act kernel writes */
    uint32_t needs;            /* enum cpu_feature bits */
    union kernel_function function;
    size_t (*scratch_bytes)(size_t cols, size_t count); /* NULL = none */
    size_t slice_rows; /* matmul: weight rows a slice should be a multiple of; 0 = any */
    double tolerance;  /* rms error against the scalar row, relative to the scalar result's rms; for the tests */
};

/* The table of one operation: all variants of a format together, the preferred one first. The order is what was
 * measured, the scalar row comes last and needs nothing. */
struct kernel_table {
    const struct kernel_row *rows;
    size_t count;
};
struct kernel_table kernel_table(enum kernel_op op);
extern const char *const kernel_op_names[OP_COUNT];

struct kernel_cost kernel_cost(const struct kernel_row *row, const struct kernel_shape *shape);

/* ---- choosing ---- */

/* The chosen row of every (operation, format); NULL where none exists. For OP_ACT the second index is enum act_format
 * (ACT_F32 is NULL). Constant after kernel_select; shared by all threads. */
struct kernel_set {
    const struct kernel_row *rows[OP_COUNT][FORMAT_COUNT];
    uint32_t features; /* what the choice was allowed to use */
};

/* Chooses for this CPU. overrides (may be NULL): words separated by commas; an ISA level ("scalar", "avx2", "avx512",
 * see cpu_limit_features) limits everything, a kernel's name forces that row for its operation and format.
 * Errors: unknown word, or a row that this CPU cannot run. */
int kernel_select(struct kernel_set *set, const struct cpu_info *cpu, const char *overrides, struct error *error);

/* NULL if there is no such row. */
const struct kernel_row *kernel_find(const char *name);

#endif
